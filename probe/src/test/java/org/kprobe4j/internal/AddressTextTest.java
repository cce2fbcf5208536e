package org.kprobe4j.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTextTest {
    @ParameterizedTest
    @CsvSource({
        "7f000001, 127.0.0.1",
        "00000000000000000000000000000000, ::",
        "00000000000000000000000000000001, ::1",
        "00010000000000000000000000000000, 1::",
        "fe80000000000000504500fffe00000a, fe80::5045:ff:fe00:a",
        "00000000000000000000ffff0a000001, ::ffff:10.0.0.1",
        "20010db8000000010000000000000001, 2001:db8:0:1::1",
        "20010000000000010000000000000001, 2001:0:0:1::1",
        "20010000000000010001000000000001, 2001::1:1:0:0:1",
        "20010db8000000010001000100010001, 2001:db8:0:1:1:1:1:1",
    })
    void isWrittenShort(String bytes, String text) throws Exception {
        byte[] address = HexFormat.of().parseHex(bytes);
        InetAddress made =
                address.length == 4 ? InetAddress.getByAddress(address) : Inet6Address.getByAddress(null, address, -1);
        assertThat(AddressText.of(made)).isEqualTo(text);
    }
}
