package io.kelpie.agent.image;

import java.net.URI;
import java.util.Optional;

/** Where an image, a kernel or an initial RAM file system comes from. */
public sealed interface ImageSource {
    /**
     * A file below one of the host's pools.
     *
     * @param path absolute, or relative to the pool {@code default}
     * @param sha256 expected digest, 64 hexadecimal digits
     */
    record FileSource(String path, Optional<String> sha256) implements ImageSource {}

    /**
     * A download.
     *
     * @param url http or https
     * @param sha256 expected digest, 64 hexadecimal digits
     */
    record UrlSource(URI url, String sha256) implements ImageSource {}
}
