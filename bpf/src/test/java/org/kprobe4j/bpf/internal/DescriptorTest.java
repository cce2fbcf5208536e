package org.kprobe4j.bpf.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class DescriptorTest {
    private final FakeKernel kernel = new FakeKernel();

    @Test
    void closesOnce() {
        Descriptor descriptor = new Descriptor(kernel, kernel.fd("x"), "thing");
        assertThat(OpenObjects.list()).extracting(OpenObjects.Entry::what).contains("thing");
        descriptor.close();
        long other = kernel.fd("other");
        descriptor.close();
        assertThat(kernel.openNow()).containsExactly("other");
        assertThat(other).isPositive();
        assertThat(OpenObjects.list()).isEmpty();
    }

    @Test
    void isNotUsableAfterClose() {
        Descriptor descriptor = new Descriptor(kernel, kernel.fd("x"), "thing");
        descriptor.close();
        assertThatThrownBy(descriptor::fd)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("thing is closed");
        assertThatThrownBy(() -> descriptor.use(_ -> 0)).hasMessage("thing is closed");
        assertThat(descriptor.isClosed()).isTrue();
    }

    @Test
    void closeDuringACallWaitsForItsEnd() throws InterruptedException {
        Descriptor descriptor = new Descriptor(kernel, kernel.fd("x"), "thing");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        Thread user = Thread.ofPlatform()
                .start(() -> descriptor.use(fd -> {
                    inside.countDown();
                    try {
                        closed.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    assertThat(kernel.openNow()).containsExactly("x");
                    return fd;
                }));
        inside.await();
        descriptor.close();
        assertThatThrownBy(() -> descriptor.use(_ -> 0)).isInstanceOf(IllegalStateException.class);
        assertThat(kernel.openNow()).containsExactly("x");
        closed.countDown();
        user.join();
        assertThat(kernel.openNow()).isEmpty();
    }
}
