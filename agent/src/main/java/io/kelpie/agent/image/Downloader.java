package io.kelpie.agent.image;

import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Downloads to a file, and goes on where an earlier try ended, in this process or before. Each hop's addresses are
 * checked before it is connected to; the JVM's own cache of names makes the connection use the addresses that were
 * checked. No proxy is used. Blocking; safe to use from several threads for different files.
 */
final class Downloader {
    private static final int MAX_REDIRECTS = 5;
    private static final int MAX_TRIES = 3;
    private static final int BUFFER = 64 << 10;
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-.*");

    private final HttpClient client;
    private final ImageLimits limits;
    private final AddressRule addressRule;
    private final TimeSource time;

    Downloader(ImageLimits limits, TimeSource time) {
        this.limits = limits;
        this.time = time;
        this.addressRule = new AddressRule(limits.loopback());
        this.client = HttpClient.newBuilder()
                .connectTimeout(limits.connectTimeout())
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /**
     * Downloads a URL whose content has a known digest. If the download is interrupted, the part stays for the next
     * call.
     *
     * @param part file to write; what it holds already is taken for the beginning of the content
     * @throws FieldRejectedException if the server's answer, its address or its content is not what was asked for
     * @throws IOException if the server could not be reached or was lost, three times
     */
    void download(ImageSource.UrlSource source, Path part, String field, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                if (attempt(source, part, field, progress)) {
                    return;
                }
                progress.accept("the partial download of " + source.url() + " does not fit; beginning anew");
            } catch (InterruptedIOException e) {
                throw e;
            } catch (ServerException e) {
                if (attempt == MAX_TRIES) {
                    throw new IOException(
                            "download of " + source.url() + " failed " + MAX_TRIES + " times: " + describe(e), e);
                }
                progress.accept("download of " + source.url() + " was cut (" + describe(e) + "); trying again");
            }
        }
    }

    /** One try. False: the part held by an earlier try was wrong, and is removed. */
    private boolean attempt(ImageSource.UrlSource source, Path part, String field, Consumer<String> listener)
            throws FieldRejectedException, IOException {
        try (HashingFile file = new HashingFile(part)) {
            boolean resumed = file.length() > 0;
            if (resumed && file.matches(source.sha256())) {
                file.finish();
                return true;
            }
            HttpResponse<InputStream> response = follow(source.url(), field, file.length());
            try (InputStream body = response.body()) {
                int status = response.statusCode();
                if (status == 416 && resumed) {
                    file.truncate();
                    return false;
                }
                checkStatus(status, source.url(), field);
                if (status != 206 || rangeStart(response).orElse(-1) != file.length()) {
                    if (status == 206) {
                        throw new ServerException("the server sent another range than was asked for");
                    }
                    file.truncate();
                    resumed = false;
                }
                receive(response, body, file, part, field, new Source(source.url(), listener));
            }
            String digest = file.finish();
            if (digest.equals(source.sha256())) {
                return true;
            }
            file.truncate();
            if (resumed) {
                return false;
            }
            throw new FieldRejectedException(
                    field + ".sha256",
                    "the content of " + source.url() + " has the digest " + digest + ", not " + source.sha256(),
                    "correct the digest or the URL");
        }
    }

    private record Source(URI url, Consumer<String> listener) {}

    private void receive(
            HttpResponse<InputStream> response,
            InputStream body,
            HashingFile file,
            Path part,
            String field,
            Source source)
            throws FieldRejectedException, IOException {
        OptionalLong announced = response.headers().firstValueAsLong("content-length");
        long total = announced.isPresent() ? file.length() + Math.max(0, announced.getAsLong()) : 0;
        if (total > limits.maxFileBytes()) {
            throw tooLarge(source.url(), total + " bytes", limits.maxFileBytes(), field);
        }
        long free = Files.getFileStore(part).getUsableSpace();
        if (total - file.length() > free) {
            throw new IOException("the image cache has " + (free >> 20) + " MiB free, " + source.url() + " needs "
                    + ((total - file.length()) >> 20) + " MiB; free some space on this host");
        }
        Progress progress = new Progress("downloading " + source.url(), total, source.listener(), time);
        progress.begin(file.length());
        byte[] buffer = new byte[BUFFER];
        try (IdleWatch watch = new IdleWatch(body, limits.idleTimeout())) {
            while (true) {
                int count = read(body, buffer, watch);
                if (count < 0) {
                    break;
                }
                if (file.length() + count > limits.maxFileBytes()) {
                    throw tooLarge(source.url(), "more bytes than that", limits.maxFileBytes(), field);
                }
                file.append(buffer, count);
                watch.progressed();
                progress.at(file.length());
            }
        }
        if (announced.isPresent() && file.length() < total) {
            throw new ServerException(
                    "the server closed the connection after " + file.length() + " of " + total + " bytes");
        }
    }

    private static int read(InputStream body, byte[] buffer, IdleWatch watch) throws IOException {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            if (Thread.currentThread().isInterrupted() || e.getCause() instanceof InterruptedException) {
                throw interrupted(e);
            }
            throw watch.hasFired()
                    ? new ServerException("the server sent nothing for too long", e)
                    : new ServerException("the connection was lost", e);
        }
    }

    private HttpResponse<InputStream> follow(URI start, String field, long offset)
            throws FieldRejectedException, IOException {
        URI url = start;
        for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
            checkTarget(url, start, field);
            HttpRequest.Builder request = HttpRequest.newBuilder(url).header("User-Agent", "kelpie-agent");
            if (offset > 0) {
                request.header("Range", "bytes=" + offset + "-");
            }
            HttpResponse<InputStream> response = send(request.build());
            if (!isRedirect(response.statusCode())) {
                return response;
            }
            response.body().close();
            url = target(url, response, field);
        }
        throw new FieldRejectedException(
                field + ".url",
                start + " redirects more than " + MAX_REDIRECTS + " times",
                "give the URL of the image itself");
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException {
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        try {
            return answer.get(limits.connectTimeout().multipliedBy(2).toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new ServerException(request.uri().getHost() + " did not answer in time", e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (ExecutionException e) {
            throw new ServerException("no answer from " + request.uri().getHost(), e.getCause());
        } finally {
            answer.cancel(true); // without effect on one that was answered
        }
    }

    private static URI target(URI from, HttpResponse<InputStream> response, String field)
            throws FieldRejectedException {
        String location = response.headers().firstValue("location").orElse("");
        try {
            return from.resolve(new URI(location));
        } catch (URISyntaxException e) {
            throw new FieldRejectedException(
                    field + ".url",
                    from + " redirects to something that is no URL",
                    "give the URL of the image itself");
        }
    }

    private void checkTarget(URI url, URI start, String field) throws FieldRejectedException, IOException {
        String from = url.equals(start) ? url.toString() : start + " redirects to " + url + ", which";
        String scheme = url.getScheme() == null ? "" : url.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new FieldRejectedException(
                    field + ".url", from + " is not an http or https URL", "give an http or https URL");
        }
        if (url.getHost() == null || url.getRawUserInfo() != null) {
            throw new FieldRejectedException(
                    field + ".url",
                    from + " has no host, or a user name in it",
                    "give a URL of the form https://host/path");
        }
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(url.getHost());
        } catch (UnknownHostException e) {
            throw new ServerException("the name " + url.getHost() + " is not known", e);
        }
        for (InetAddress address : addresses) {
            Optional<String> forbidden = addressRule.forbidden(address);
            if (forbidden.isPresent()) {
                throw new FieldRejectedException(
                        field + ".url",
                        from + " leads to " + address.getHostAddress() + ", " + forbidden.get(),
                        "put the image on a server with an address of its own, or into a pool");
            }
        }
    }

    private static void checkStatus(int status, URI url, String field) throws FieldRejectedException, ServerException {
        if (status == 200 || status == 206) {
            return;
        }
        if (status == 408 || status == 429 || status >= 500) {
            throw new ServerException("the server answers " + status);
        }
        throw new FieldRejectedException(
                field + ".url", "the server answers " + status + " to " + url, "correct the URL, or the server");
    }

    private static boolean isRedirect(int status) {
        return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    }

    private static OptionalLong rangeStart(HttpResponse<InputStream> response) {
        Matcher range = CONTENT_RANGE.matcher(
                response.headers().firstValue("content-range").orElse(""));
        return range.matches() ? OptionalLong.of(Long.parseLong(range.group(1))) : OptionalLong.empty();
    }

    private static FieldRejectedException tooLarge(URI url, String size, long limit, String field) {
        return new FieldRejectedException(
                field + ".url",
                url + " has " + size + ", the largest image taken has " + (limit >> 20) + " MiB",
                "give a smaller image");
    }

    private static InterruptedIOException interrupted(Exception cause) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted = new InterruptedIOException("interrupted while it downloaded");
        interrupted.initCause(cause);
        return interrupted;
    }

    private static String describe(ServerException e) {
        Throwable cause = e.getCause();
        String why = cause == null || cause.getMessage() == null ? "" : " (" + cause.getMessage() + ")";
        return e.getMessage() + why;
    }

    /** The server, or the way to it, failed; another try may succeed. */
    private static final class ServerException extends IOException {
        private static final long serialVersionUID = 1;

        ServerException(String message) {
            super(message);
        }

        ServerException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
