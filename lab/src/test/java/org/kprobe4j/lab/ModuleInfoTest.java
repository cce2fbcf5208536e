package org.kprobe4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ModuleInfoTest {
    @Test
    void readsTheModulesItDependsOn() {
        assertThat(ModuleInfo.depends(bytes("\0license=GPL\0depends=virtio,virtio-ring\0name=x\0")))
                .containsExactly("virtio", "virtio_ring");
        assertThat(ModuleInfo.depends(bytes("\0depends=\0"))).isEmpty();
        assertThat(ModuleInfo.depends(bytes("\177ELF"))).isEmpty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
