package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** The committed PTX was made from the sources beside it. */
class PtxDigestTest {
  private static final Path SOURCES = Path.of("src", "main", "cuda");
  private static final Pattern SOURCE_NAME = Pattern.compile(".+\\.(cu|cuh|sh)");
  private static final String RESOURCES = "/dev/longtake/runtime/ptx/";
  private static final String ADVICE =
      "the PTX was made from other sources; run mvn -pl gpu-runtime generate-resources -Pptx";

  @Test
  void everySourceHasTheRecordedDigest() throws IOException {
    assertThat(digestsOfSources()).as(ADVICE).isEqualTo(recordedDigests());
  }

  @Test
  void everySourceFileHasItsPtx() throws IOException {
    for (String source : recordedDigests().keySet()) {
      if (source.endsWith(".cu")) {
        String name = source.replace(".cu", ".ptx.gz");
        assertThat(resource(name)).as(name).contains(".version 8.1").contains(target(source));
      }
    }
  }

  private static String target(String source) {
    if (source.endsWith("_sm90.cu")) {
      return ".target sm_90a";
    }
    return source.endsWith("_sm89.cu") ? ".target sm_89" : ".target sm_80";
  }

  private static Map<String, String> digestsOfSources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      Map<String, String> digests = new TreeMap<>();
      for (Path file : files.filter(PtxDigestTest::isSource).toList()) {
        String name = SOURCES.relativize(file).toString().replace('\\', '/');
        digests.put(name, Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString());
      }
      return digests;
    }
  }

  private static boolean isSource(Path file) {
    return SOURCE_NAME.matcher(file.getFileName().toString()).matches();
  }

  private static Map<String, String> recordedDigests() throws IOException {
    return resource("sources.sha256")
        .lines()
        .map(line -> line.split(" +", 2))
        .collect(Collectors.toMap(parts -> parts[1], parts -> parts[0], (a, b) -> a, TreeMap::new));
  }

  private static String resource(String name) throws IOException {
    try (InputStream stream = PtxDigestTest.class.getResourceAsStream(RESOURCES + name)) {
      if (stream == null) {
        return fail("there is no %s; %s", name, ADVICE);
      }
      InputStream text = name.endsWith(".gz") ? new GZIPInputStream(stream) : stream;
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
