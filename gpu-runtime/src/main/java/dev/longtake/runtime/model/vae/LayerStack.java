package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Layers that run one after the other, over two buffers that take turns as input and output. */
final class LayerStack {
  private final Ops ops;
  private final List<VaeLayer> layers = new ArrayList<>();
  private final Shape outputFrame;

  /**
   * Opens the layers for one video; undefined until {@link #reset()}.
   *
   * @param state where the layers' memory of past frames is taken from
   * @param inputFrame [1, H, W, C]
   */
  LayerStack(Ops ops, List<LayerWeights> weights, Arena state, Shape inputFrame) {
    this.ops = ops;
    Shape shape = inputFrame;
    for (LayerWeights layerWeights : weights) {
      VaeLayer layer = layerWeights.open(ops, state, shape.extent(1), shape.extent(2));
      shape = layer.outputShape(shape);
      layers.add(layer);
    }
    this.outputFrame = shape;
  }

  /** Returns rows, columns and channels of the last layer's output, as [1, H, W, C]. */
  Shape outputFrame() {
    return outputFrame;
  }

  void reset() {
    layers.forEach(VaeLayer::reset);
  }

  /**
   * Takes the memory for all layers' inputs and outputs from the workspace.
   *
   * @param input shape of the next frames, [T, H, W, C]
   * @return the first layer's input, to be filled by the caller; each layer's output
   */
  List<Tensor> takeMaps(Shape input) {
    List<Shape> shapes = new ArrayList<>();
    shapes.add(input);
    for (VaeLayer layer : layers) {
      shapes.add(layer.outputShape(shapes.get(shapes.size() - 1)));
    }
    List<Tensor> buffers = List.of(takeBuffer(shapes, 0), takeBuffer(shapes, 1));
    List<Tensor> maps = new ArrayList<>();
    for (Shape shape : shapes) {
      Tensor buffer = buffers.get(maps.size() % buffers.size());
      maps.add(buffer.slice(0, elements(shape)).reshape(shape.toArray()));
    }
    return maps;
  }

  /**
   * Runs all layers.
   *
   * @param maps what {@link #takeMaps} returned, the first one filled
   * @return the last one
   */
  Tensor run(List<Tensor> maps) {
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).run(maps.get(i), maps.get(i + 1));
    }
    return maps.get(layers.size());
  }

  /** Takes a buffer that is large enough for every second shape. */
  private Tensor takeBuffer(List<Shape> shapes, int first) {
    int largest = 0;
    for (int i = first; i < shapes.size(); i += 2) {
      largest = Math.max(largest, elements(shapes.get(i)));
    }
    return ops.workspace().tensor(ops.activationType(), largest);
  }

  private static int elements(Shape shape) {
    return Math.toIntExact(shape.elements());
  }
}
