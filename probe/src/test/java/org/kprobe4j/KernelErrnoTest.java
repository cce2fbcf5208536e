package org.kprobe4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelErrnoTest {
    @ParameterizedTest
    @CsvSource({
        "-2, ENOENT",
        "2, ENOENT",
        "-39, ENOTEMPTY",
        "-133, EHWPOISON",
        "-512, ERESTARTSYS",
        "-524, ENOTSUPP",
        "-41, errno 41",
        "0, errno 0",
        "134, errno 134",
        "-2147483648, errno -2147483648"
    })
    void namesAreTheKernels(int errno, String name) {
        assertThat(KernelErrno.name(errno)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "3, 3",
        "-2, ENOENT",
        "-4095, errno 4095",
        "-4096, -4096",
        "9223372036854775807, 9223372036854775807"
    })
    void resultsAreNumbersOrErrors(long result, String text) {
        assertThat(KernelErrno.describe(result)).isEqualTo(text);
    }
}
