package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RequestHashTest {
  private static final RequestHash BASE =
      new RequestHash("aa", "a person", 384, 704, 420, "carry", "bb", "bf16", 4, 48, 1);

  @Test
  void changesWithEveryField() {
    List<RequestHash> different =
        List.of(
            BASE,
            new RequestHash("ab", "a person", 384, 704, 420, "carry", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person ", 384, 704, 420, "carry", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 704, 384, 420, "carry", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 640, 420, "carry", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 421, "carry", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "strict", "bb", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "carry", "bc", "bf16", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "carry", "bb", "fp8", 4, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "carry", "bb", "bf16", 3, 48, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "carry", "bb", "bf16", 4, 36, 1),
            new RequestHash("aa", "a person", 384, 704, 420, "carry", "bb", "bf16", 4, 48, 2));
    Set<String> hashes = new TreeSet<>();
    different.forEach(hash -> hashes.add(hash.hex()));

    assertThat(hashes).hasSameSizeAs(different).allMatch(hash -> hash.matches("[0-9a-f]{64}"));
  }

  @Test
  void staysTheSameInEveryRunAndRelease() {
    // Whoever changes this number throws away everybody's work stores.
    assertThat(BASE.hex())
        .isEqualTo("de900e73f4faaacda8042c0ab78eef820d5e03e91951924c07049e72f58fe679");
  }

  @Test
  void keepsNeighbouringFieldsApart() {
    String joined = new CanonicalHash("x").field("a", "bc").field("d", "").hex();
    assertThat(new CanonicalHash("x").field("a", "b").field("cd", "").hex()).isNotEqualTo(joined);
    assertThat(new CanonicalHash("x").field("ab", "c").field("d", "").hex()).isNotEqualTo(joined);
    assertThat(new CanonicalHash("xa").field("", "bc").field("d", "").hex()).isNotEqualTo(joined);
  }

  @Test
  void refusesMissingDigests() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new RequestHash("", "a person", 384, 704, 420, "carry", "bb", "bf16", 4, 48, 1))
        .withMessageContaining("pictureDigest must not be empty");
  }
}
