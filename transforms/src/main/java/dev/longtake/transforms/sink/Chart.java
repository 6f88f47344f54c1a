package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * A drawing in SVG that is as wide as the page lets it: across it is measured in percent of its
 * width, down in pixels, so that text and lines keep their size on a narrow page.
 */
final class Chart {
  private static final double CURVE_UNITS = 1000;
  private static final double NEAR_START = 3; // percent
  private static final double NEAR_END = 94;

  private final StringBuilder svg = new StringBuilder();
  private final int height;

  /**
   * @param label what the drawing shows, for those who cannot see it
   * @param height in pixels
   */
  Chart(String label, int height) {
    this.height = height;
    svg.append("<svg class=\"chart\" role=\"img\" width=\"100%\" height=\"")
        .append(height)
        .append("\" aria-label=\"")
        .append(Html.escape(label))
        .append("\">\n");
  }

  /** Draws a bar with a hint; {@code x} and {@code width} in percent. */
  Chart bar(String style, double x, double y, double width, double barHeight, String hint) {
    svg.append("<rect class=\"").append(style).append("\" x=\"").append(number(x));
    svg.append("%\" y=\"").append(number(y)).append("\" width=\"").append(number(width));
    svg.append("%\" height=\"").append(number(barHeight)).append("\"><title>");
    svg.append(Html.escape(hint)).append("</title></rect>\n");
    return this;
  }

  /** Draws a line across, from edge to edge. */
  Chart across(String style, double y) {
    return line(style, 0, y, 100, y);
  }

  /** Draws a line from top to bottom, {@code x} in percent. */
  Chart down(String style, double x, double fromY, double toY) {
    return line(style, x, fromY, x, toY);
  }

  /** Writes text from the left edge. */
  Chart name(String style, double y, String text) {
    return text(style, "start", 0, y, text);
  }

  /** Writes text that starts, is centred or ends at {@code x} percent, so that all of it shows. */
  Chart label(String style, double x, double y, String text) {
    String anchor = x < NEAR_START ? "start" : x > NEAR_END ? "end" : "middle";
    return text(style, anchor, x, y, text);
  }

  /** Writes text around {@code x} percent. */
  Chart centred(String style, double x, double y, String text) {
    return text(style, "middle", x, y, text);
  }

  /** Draws an area under a curve of at least two points: [n] in percent, [n] in pixels. */
  Chart area(double[] x, double[] y, double floor) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < x.length; i++) {
      points.append(i == 0 ? "" : " ").append(number(x[i] * CURVE_UNITS / 100));
      points.append(',').append(number(y[i]));
    }
    // Only what is in here is stretched; its lines keep their width.
    svg.append("<svg width=\"100%\" height=\"").append(height).append("\" viewBox=\"0 0 ");
    svg.append(number(CURVE_UNITS)).append(' ').append(height);
    svg.append("\" preserveAspectRatio=\"none\">\n<polygon class=\"area\" points=\"");
    svg.append(number(x[0] * CURVE_UNITS / 100)).append(',').append(number(floor)).append(' ');
    svg.append(points).append(' ').append(number(x[x.length - 1] * CURVE_UNITS / 100));
    svg.append(',').append(number(floor)).append("\"/>\n<polyline class=\"curve\" points=\"");
    svg.append(points).append("\"/>\n</svg>\n");
    return this;
  }

  /** Draws marks of time below {@code y}, at even steps from 0 to {@code seconds}. */
  Chart timeAxis(double seconds, double y) {
    double step = Quantity.timeStep(seconds, 6);
    for (int i = 0; i * step <= seconds; i++) {
      double x = seconds > 0 ? 100 * i * step / seconds : 0;
      down("tick", x, y, y + 4);
      label("axis", x, y + 16, Quantity.clock(i * step));
    }
    return this;
  }

  /** Returns the drawing; nothing can be added after that. */
  String end() {
    return svg.append("</svg>\n").toString();
  }

  private Chart line(String style, double x1, double y1, double x2, double y2) {
    svg.append("<line class=\"").append(style).append("\" x1=\"").append(number(x1));
    svg.append("%\" y1=\"").append(number(y1)).append("\" x2=\"").append(number(x2));
    svg.append("%\" y2=\"").append(number(y2)).append("\"/>\n");
    return this;
  }

  private Chart text(String style, String anchor, double x, double y, String text) {
    svg.append("<text class=\"").append(style).append("\" text-anchor=\"").append(anchor);
    svg.append("\" x=\"").append(number(x)).append("%\" y=\"").append(number(y)).append("\">");
    svg.append(Html.escape(text)).append("</text>\n");
    return this;
  }

  private static String number(double value) {
    checkArgument(
        Double.isFinite(value), "a drawing needs finite numbers, but was given %s", value);
    long thousandths = Math.round(value * 1000); // not format: a long run has a million of these
    if (thousandths % 1000 == 0) {
      return Long.toString(thousandths / 1000);
    }
    String decimals = Long.toString(1000 + Math.abs(thousandths) % 1000).substring(1);
    String sign = thousandths < 0 ? "-" : "";
    return sign + Math.abs(thousandths) / 1000 + "." + decimals;
  }
}
