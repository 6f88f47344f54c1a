package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Merges a low-rank adapter (LoRA) in PEFT's naming into a model while its weights are read: W ←
 * round(W + alpha/rank·B·A), computed in fp32 and rounded to the type that W is stored in.
 *
 * <p>A tensor of the adapter is called {@code
 * [base_model.model.]<module>.lora_A[.<adapter>].weight}, and {@code lora_B} likewise. Nothing in
 * an adapter is passed over: what cannot be merged is an error, and so is a module that is left out
 * while the same module of another layer is adapted.
 */
public final class LoraMerge {
  private static final Pattern NAME =
      Pattern.compile(
          "(?:base_model\\.model\\.)?(?<module>.+?)\\.lora_(?<part>[AB])(?:\\.[^.]+)?\\.weight");
  private static final Pattern LAYER_NUMBER = Pattern.compile("\\.\\d+\\.");
  private static final int LISTED_NAMES = 5;

  private final TensorSource base;
  private final TensorSource lora;

  private LoraMerge(TensorSource base, TensorSource lora) {
    this.base = base;
    this.lora = lora;
  }

  /**
   * Returns the base's tensors, those that the adapter changes merged with it. Nothing is computed
   * before a tensor is read. The result owns both sources once it has been returned.
   *
   * @param alpha the adapter's strength; its rank is taken from the shapes
   * @throws LongtakeException INVALID_CHECKPOINT if the adapter does not fit the base
   */
  public static TensorSource merge(TensorSource base, TensorSource lora, double alpha) {
    return new MergedSource(base, lora, new LoraMerge(base, lora).pairs(alpha));
  }

  /** Both halves of a pair, as far as they have been found. */
  private static final class Halves {
    private @Nullable String a;
    private @Nullable String b;
  }

  private Map<String, LoraPair> pairs(double alpha) {
    Map<String, Halves> modules = modules();
    requireComplete(modules.keySet());
    Map<String, LoraPair> pairs = new LinkedHashMap<>();
    modules.forEach(
        (module, halves) -> {
          if (halves.a == null || halves.b == null) {
            throw CheckpointFault.of(
                ("%s has %s without its other half, lora_%s of %s. Is the file "
                        + "complete? Download it again.")
                    .formatted(
                        lora.description(),
                        halves.a == null ? halves.b : halves.a,
                        halves.a == null ? "A" : "B",
                        module));
          }
          String weight = weightOf(module);
          pairs.put(
              weight,
              LoraPair.of(
                  base.tensor(weight), lora.tensor(halves.a), lora.tensor(halves.b), alpha));
        });
    return pairs;
  }

  private Map<String, Halves> modules() {
    if (lora.names().isEmpty()) {
      throw CheckpointFault.of(
          "%s holds no tensors. Download it again, or remove its directory to use no adapter."
              .formatted(lora.description()));
    }
    Map<String, Halves> modules = new TreeMap<>();
    List<String> unmatched = new ArrayList<>();
    for (String name : lora.names()) {
      Matcher matcher = NAME.matcher(name);
      if (!matcher.matches() || !base.names().contains(weightOf(matcher.group("module")))) {
        unmatched.add(name);
        continue;
      }
      Halves halves = modules.computeIfAbsent(matcher.group("module"), module -> new Halves());
      boolean first = matcher.group("part").equals("A");
      String other = first ? halves.a : halves.b;
      if (other != null) {
        throw CheckpointFault.of(
            "%s has both %s and %s for the same weight. Save the file with one adapter only."
                .formatted(
                    lora.description(), CheckpointFault.quote(other), CheckpointFault.quote(name)));
      }
      if (first) {
        halves.a = name;
      } else {
        halves.b = name;
      }
    }
    requireAllMatched(unmatched);
    return modules;
  }

  private void requireAllMatched(List<String> unmatched) {
    if (!unmatched.isEmpty()) {
      throw CheckpointFault.of(
          ("%d of the %d tensors of %s match no weight of %s: %s%s. Expected are "
                  + "names like blocks.0.ffn.0.lora_A.default.weight, with or without "
                  + "base_model.model. in front. Is the adapter made for this model?")
              .formatted(
                  unmatched.size(),
                  lora.names().size(),
                  lora.description(),
                  base.description(),
                  unmatched.stream()
                      .limit(LISTED_NAMES)
                      .map(CheckpointFault::quote)
                      .collect(Collectors.joining(", ")),
                  unmatched.size() > LISTED_NAMES ? ", …" : ""));
    }
  }

  private void requireComplete(Set<String> modules) {
    Set<String> adaptedKinds = modules.stream().map(LoraMerge::kind).collect(Collectors.toSet());
    Set<String> missing =
        base.names().stream()
            .filter(name -> name.endsWith(".weight"))
            .map(name -> name.substring(0, name.length() - ".weight".length()))
            .filter(module -> adaptedKinds.contains(kind(module)) && !modules.contains(module))
            .collect(Collectors.toCollection(TreeSet::new));
    if (!missing.isEmpty()) {
      throw CheckpointFault.of(
          ("%s has nothing for %d weights of %s although it adapts the same weight of "
                  + "other layers; the first is %s. Is the file complete, and is the adapter "
                  + "made for this model?")
              .formatted(
                  lora.description(),
                  missing.size(),
                  base.description(),
                  missing.iterator().next()));
    }
  }

  /** Returns a module's name without the number of its layer. */
  private static String kind(String module) {
    return LAYER_NUMBER.matcher(module).replaceAll(".*.");
  }

  private static String weightOf(String module) {
    return module + ".weight";
  }
}
