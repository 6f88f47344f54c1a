package dev.longtake.runtime.engine.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How much memory the host has for pinning, by the kernel's account. */
final class HostMemory {
  private static final Pattern AVAILABLE =
      Pattern.compile("^MemAvailable:\\s*(\\d+) kB", Pattern.MULTILINE);
  private static final Path MEMINFO = Path.of("/proc/meminfo");
  private static final Path LIMIT = Path.of("/sys/fs/cgroup/memory.max");
  private static final Path USED = Path.of("/sys/fs/cgroup/memory.current");
  private static final Path USES = Path.of("/sys/fs/cgroup/memory.stat");
  private static final Pattern DROPPABLE =
      Pattern.compile("^inactive_file (\\d+)$", Pattern.MULTILINE);

  /** Left to the Java heap, the page cache and whoever else is there. */
  private static final long RESERVE_BYTES = 2L << 30;

  private HostMemory() {}

  /** Returns the bytes that can be pinned without anything being swapped out. */
  static long availableBytes() {
    try {
      long bytes = Long.MAX_VALUE;
      Matcher matcher = AVAILABLE.matcher(Files.readString(MEMINFO));
      if (matcher.find()) {
        bytes = Long.parseLong(matcher.group(1)) << 10;
      }
      if (Files.isReadable(LIMIT) && Files.isReadable(USED)) {
        String limit = Files.readString(LIMIT).strip();
        if (!limit.equals("max")) {
          long used = Long.parseLong(Files.readString(USED).strip());
          bytes = Math.min(bytes, Long.parseLong(limit) - used + droppableBytes());
        }
      }
      return Math.max(0, bytes - RESERVE_BYTES);
    } catch (IOException e) {
      throw new UncheckedIOException("reading how much memory the host has", e);
    }
  }

  /** Returns the bytes of files that were read and are kept for no need, a checkpoint's mostly. */
  private static long droppableBytes() throws IOException {
    if (!Files.isReadable(USES)) {
      return 0;
    }
    Matcher matcher = DROPPABLE.matcher(Files.readString(USES));
    return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
  }
}
