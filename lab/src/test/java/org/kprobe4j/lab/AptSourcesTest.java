package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.kprobe4j.lab.AptSources.Source;

class AptSourcesTest {
    @Test
    void readsDeb822WithCommentsListsAndContinuations() {
        List<Source> sources = AptSources.parseDeb822("""
                Types: deb deb-src
                # an old address
                URIs: http://mirror.example/debian
                Suites: bookworm bookworm-updates
                Components: main
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Enabled: no
                Types: deb
                URIs: http://off.example/debian
                Suites: sid

                types: deb
                uris: http://one.example/x
                 http://two.example/y
                suites: stable-security
                """);
        assertThat(sources)
                .containsExactly(
                        new Source(
                                "http://mirror.example/debian",
                                List.of("bookworm", "bookworm-updates"),
                                "/usr/share/keyrings/debian-archive-keyring.gpg"),
                        new Source("http://one.example/x", List.of("stable-security"), ""),
                        new Source("http://two.example/y", List.of("stable-security"), ""));
    }

    @Test
    void readsAKeyWrittenInTheSource() {
        List<Source> sources = AptSources.parseDeb822("""
                Types: deb
                URIs: http://mirror.example/debian
                Suites: trixie
                Signed-By:
                 -----BEGIN PGP PUBLIC KEY BLOCK-----
                 .
                 mQINB
                 -----END PGP PUBLIC KEY BLOCK-----
                """);
        assertThat(sources.getFirst().signedBy()).startsWith("-----BEGIN PGP").contains("mQINB");
    }

    @Test
    void readsOneLineSourcesWithOptions() {
        List<Source> sources = AptSources.parseOneLine("""
                # deb http://commented.example/debian sid main
                deb-src http://source.example/debian sid main
                deb http://plain.example/debian/ bookworm main # the usual one
                deb [arch=amd64 signed-by=/etc/key.gpg] http://signed.example/debian sid main
                deb [broken http://broken.example/debian sid main
                """);
        assertThat(sources)
                .containsExactly(
                        new Source("http://plain.example/debian/", List.of("bookworm"), ""),
                        new Source("http://signed.example/debian", List.of("sid"), "/etc/key.gpg"));
    }

    @Test
    void tellsDebianFromItsSecurityArchiveAndFromOthers() {
        List<Source> sources = List.of(
                new Source("http://other.example/node", List.of("nodistro"), ""),
                new Source("http://m.example/debian-security", List.of("bookworm-security"), ""),
                new Source("http://m.example/debian/", List.of("bookworm"), ""));
        assertThat(AptSources.debian(sources)).contains(sources.get(2));
        assertThat(AptSources.security(sources)).contains(sources.get(1));
        assertThat(AptSources.debian(sources.subList(0, 2))).isEmpty();
    }
}
