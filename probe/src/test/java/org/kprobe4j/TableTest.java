package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import org.junit.jupiter.api.Test;

class TableTest {
    private record Reader(String comm, long delayNs) {}

    @Test
    void columnsAreAsWideAsTheirWidestCell() {
        var table = Table.of("COMM", "READS").row("cat", 12).row("sshd", 123_456);
        assertThat(table).hasToString("""
                COMM  READS
                cat      12
                sshd 123456""");
    }

    @Test
    void recordsAreRows() {
        var table = Table.of(Reader.class).row(new Reader("cat", 7)).row(new Reader("a", 1_000_000_000L));
        assertThat(table).hasToString("""
                COMM   DELAY_NS
                cat           7
                a    1000000000""");
    }

    @Test
    void timesHaveTheirSeconds() {
        var table = Table.of("TIME", "N").row(LocalTime.of(12, 30), 1).row(LocalTime.of(1, 2, 3, 999), 2);
        assertThat(table).hasToString("""
                TIME     N
                12:30:00 1
                01:02:03 2""");
    }

    @Test
    void aTableWithoutRowsIsItsHeadings() {
        assertThat(Table.of("COMM", "READS")).hasToString("COMM READS");
    }

    @Test
    void aRowOfTheWrongLengthIsRefused() {
        assertThatThrownBy(() -> Table.of("COMM", "READS").row("cat"))
                .isInstanceOf(UsageException.class)
                .hasMessage("a row of 1 cells in a table of 2 columns: COMM, READS");
        assertThatThrownBy(() -> Table.live("COMM:x"))
                .isInstanceOf(UsageException.class)
                .hasMessage("COMM:x: a column is NAME or NAME:WIDTH");
    }

    @Test
    void aLiveTablePrintsItsHeadingsOnce() {
        PrintStream before = System.out;
        var bytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            Table.Live table = Table.live("PID:5", "COMM:8", "PATH");
            table.row(1, "cat", "/etc/passwd");
            table.row(123_456, "averylongname", null);
            Table.live(Reader.class).row(new Reader("x", 5));
        } finally {
            System.setOut(before);
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("""
                  PID COMM     PATH
                    1 cat      /etc/passwd
                123456 averylongname null
                COMM                 DELAY_NS
                x                           5
                """);
    }

    @Test
    void addressesAreShortAndWithoutAName() throws Exception {
        Table table = Table.of("FROM", "TO")
                .row(InetAddress.getByName("127.0.0.1"), InetAddress.getByName("fe80:0:0:0:0:0:0:1"));
        assertThat(table).hasToString("FROM      TO\n127.0.0.1 fe80::1");
    }
}
