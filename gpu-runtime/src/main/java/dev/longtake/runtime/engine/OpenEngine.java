package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.sampling.TakeRandom;
import java.util.List;

/** An engine with what is needed to measure it, and to look into it. */
public interface OpenEngine extends AvatarEngine {
  /**
   * What an engine has of one device.
   *
   * @param memory what was planned there
   * @param work what the device does, for people
   */
  record Part(ComputeDevice device, MemoryPlan memory, String work) {}

  /** Returns all sizes. */
  EngineShape shape();

  /** Returns what the engine has of each device, in the order in which they were configured. */
  List<Part> parts();

  /** Returns whether this has the models to encode prompts, pictures and speech. */
  default boolean encodes() {
    return true;
  }

  @Override
  default TakeSession open(TakeSpec spec) {
    return open(spec, new TakeRandom(spec.seed(), spec.take()), GenerationListener.NONE);
  }

  /**
   * Begins a take whose random numbers and intermediate results are somebody else's.
   *
   * @param listener called while the device that it was told of is this take's alone
   */
  TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener);
}
