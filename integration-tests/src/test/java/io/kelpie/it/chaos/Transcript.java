package io.kelpie.it.chaos;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What happened, line by line with the time since the beginning, on stdout and in a file. Thread-safe. */
public final class Transcript implements AutoCloseable {
    private final BufferedWriter file;
    private final long began = System.nanoTime();

    public Transcript(Path path) throws IOException {
        file = Files.newBufferedWriter(path);
    }

    /** Adds a line with the time. */
    public synchronized void line(String text) {
        long millis = (System.nanoTime() - began) / 1_000_000;
        plain(String.format(Locale.ROOT, "%5d.%03d  %s", millis / 1000, millis % 1000, text));
    }

    /** Adds a line as it is. */
    public synchronized void plain(String text) {
        System.out.println(text);
        try {
            file.write(text);
            file.newLine();
            file.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        file.close();
    }
}
