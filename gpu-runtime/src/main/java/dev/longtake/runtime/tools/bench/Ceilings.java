package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.forecast.ForwardWork;

/**
 * How fast the device is at best, measured beside what is compared with it.
 *
 * @param gemmTflops of the library's matrix products, in the mix of shapes of a forward
 * @param attentionTflops of attention alone, over a full window
 * @param copyGbps bytes read and written per second by a copy on the device
 */
record Ceilings(double gemmTflops, double attentionTflops, double copyGbps) {
  private static final double TERA = 1e12;

  /** Returns the share of a forward's time that its work takes at the ceilings. */
  double shareOf(double forwardMillis, ForwardWork work) {
    double seconds =
        work.gemmFlops() / (gemmTflops * TERA) + work.attentionFlops() / (attentionTflops * TERA);
    return seconds * 1000 / forwardMillis;
  }
}
