package dev.longtake.pipeline.element;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.NoSuchSchemaException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.Field;
import org.apache.beam.sdk.schemas.SchemaCoder;
import org.apache.beam.sdk.schemas.SchemaRegistry;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestPipelineExtension;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.Redistribute;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.PCollection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(TestPipelineExtension.class)
class ElementCoderTest {
  private static final SchemaRegistry SCHEMAS = SchemaRegistry.createDefault();

  static Stream<Object> elements() {
    RenderedClip clip = Elements.renderedClip(Elements.fullRequest(), 1);
    return Stream.of(
        Elements.bareRequest("a"),
        Elements.fullRequest(),
        Elements.prepared(Elements.bareRequest("a")),
        Elements.prepared(Elements.fullRequest()),
        Elements.prepared(Elements.fullRequest()).toBuilder().setTakes(List.of()).build(),
        clip.getClip().getRequest().getTakes().get(0),
        clip.getClip(),
        clip,
        clip.toBuilder().setReused(true).setSeconds(Double.MIN_VALUE).build(),
        Elements.video("a"),
        Elements.video("a").toBuilder().setUntouched(true).build(),
        Elements.failed("a"),
        Elements.failed("a").toBuilder().setId(null).build());
  }

  @ParameterizedTest
  @MethodSource("elements")
  void everyElementSurvivesItsCoder(Object element) throws Exception {
    assertThat(roundTrip(element)).isEqualTo(element).isNotSameAs(element);
  }

  @Test
  void onlyWhatMayBeNullIsNullableInTheSchema() throws Exception {
    assertThat(nullableFields(RenderRequest.class))
        .containsExactlyInAnyOrder("size", "output", "clips");
    assertThat(nullableFields(FailedRequest.class)).containsExactly("id");
    assertThat(nullableFields(PreparedRequest.class)).isEmpty();
    assertThat(nullableFields(PlannedTake.class)).isEmpty();
    assertThat(nullableFields(Clip.class)).isEmpty();
    assertThat(nullableFields(RenderedClip.class)).isEmpty();
    assertThat(nullableFields(RenderedVideo.class)).isEmpty();
  }

  @Test
  void schemaHasEveryProperty() throws Exception {
    assertThat(schema(RenderRequest.class).getFieldNames())
        .containsExactlyInAnyOrder(
            "line", "source", "id", "image", "audio", "prompt", "seed", "size", "output", "clips");
    assertThat(schema(RenderedClip.class).getFieldNames())
        .containsExactlyInAnyOrder(
            "clip", "location", "digest", "reused", "seconds", "strategy", "choice");
    assertThat(schema(PreparedRequest.class).getField("takes").getType().getCollectionElementType())
        .matches(type -> type.getTypeName().isCompositeType());
  }

  @Test
  void passesThroughAPipelineWithNullsAndNestedTakes(TestPipeline pipeline) {
    PreparedRequest bare = Elements.prepared(Elements.bareRequest("a"));
    PreparedRequest full = Elements.prepared(Elements.fullRequest());

    PCollection<PreparedRequest> passed =
        pipeline.apply(Create.of(bare, full)).apply(Redistribute.arbitrarily());

    PAssert.that(passed).containsInAnyOrder(bare, full);
    pipeline.run().waitUntilFinish();
  }

  private static List<String> nullableFields(Class<?> type) throws NoSuchSchemaException {
    return schema(type).getFields().stream()
        .filter(field -> field.getType().getNullable())
        .map(Field::getName)
        .toList();
  }

  private static Schema schema(Class<?> type) throws NoSuchSchemaException {
    return SCHEMAS.getSchema(type);
  }

  @SuppressWarnings("unchecked") // an element's own class, or AutoValue's subclass of it
  private static <T> T roundTrip(T element) throws NoSuchSchemaException, CoderException {
    Class<T> type = (Class<T>) element.getClass().getSuperclass();
    SchemaCoder<T> coder = SCHEMAS.getSchemaCoder(type);
    return CoderUtils.clone(coder, element);
  }
}
