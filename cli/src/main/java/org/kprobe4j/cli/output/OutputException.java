package org.kprobe4j.cli.output;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.kprobe4j.cli.KprobeException;

/** What was to be written could not be. */
public final class OutputException extends KprobeException {
    private static final long serialVersionUID = 1L;
    private static final String GONE = "Broken pipe";

    private final boolean readerGone;

    private OutputException(String message, boolean readerGone) {
        super(message);
        this.readerGone = readerGone;
    }

    /** Of a file, or of {@code standard output}. */
    static OutputException writing(String where, IOException e) {
        String cause = cause(e);
        String remedy = cause.equals("No space left on device") ? "; make room, or write to another place with -o" : "";
        return new OutputException("cannot write %s: %s%s".formatted(where, cause, remedy), cause.equals(GONE));
    }

    private static String cause(IOException e) {
        String message = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
        return switch (e) {
            case java.nio.file.NoSuchFileException _ -> "no such folder";
            case java.nio.file.AccessDeniedException _ -> "permission denied";
            default -> message == null ? e.toString() : message;
        };
    }

    /** Whether nobody reads the results any more, which is no failure of ours: {@code kprobe trace … | head}. */
    public boolean isReaderGone() {
        return readerGone;
    }
}
