package dev.longtake.runtime.cuda;

/** Normalised mean squared error of some results: Σ(a−e)² / Σe². NaN stays NaN. */
final class ErrorSum {
  private double errors;
  private double squares;

  void add(double actual, double expected) {
    errors += (actual - expected) * (actual - expected);
    squares += expected * expected;
  }

  double nmse() {
    return errors / squares;
  }
}
