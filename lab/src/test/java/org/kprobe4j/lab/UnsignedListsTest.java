package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class UnsignedListsTest {
    @Test
    void onlyAListThatDoesNotFitItsIndexIsTakenUnsigned() {
        String stale =
                "E: Failed to fetch http://m/Packages.xz  File has unexpected size (1 != 2). Mirror sync in progress?";
        assertThat(UnsignedLists.help(new HostTool.Outcome(100, "", stale))).isTrue();
        assertThat(UnsignedLists.help(new HostTool.Outcome(100, "", "E: The repository is not signed.")))
                .isFalse();
        assertThat(UnsignedLists.help(new HostTool.Outcome(100, "", "E: GPG error: invalid signature")))
                .isFalse();
    }

    @Test
    void theListLiesWhereAptLooksForIt() {
        var source = new AptSources.Source("http://mirror.example/debian/", List.of("trixie"), "");
        String uri = UnsignedLists.listUri(source, Arch.ARMHF);
        assertThat(uri).isEqualTo("http://mirror.example/debian/dists/trixie/main/binary-armhf/Packages.xz");
        assertThat(UnsignedLists.fileName(uri))
                .isEqualTo("mirror.example_debian_dists_trixie_main_binary-armhf_Packages.xz");
    }
}
