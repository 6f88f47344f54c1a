package dev.longtake.transforms.prepare;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.options.Continuity;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.transforms.media.AudioReader;
import dev.longtake.transforms.media.MediaException;
import dev.longtake.transforms.media.PictureReader;
import dev.longtake.transforms.media.SpeechFile;
import dev.longtake.transforms.request.InputFiles;
import dev.longtake.transforms.request.MediaChecks;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.request.RequestHash;
import dev.longtake.transforms.request.SpeechMeter;
import dev.longtake.transforms.request.TakeHasher;
import dev.longtake.transforms.request.VideoSize;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.split.ClipPlanner;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Checks one request after another and brings its media into the work store: the picture decoded,
 * the speech decoded to 16 kHz mono, the sound track as it is. Fixes the size of the video, the
 * takes, and the digests of everything that decides its pixels.
 *
 * <p>Codes beside those of {@link MediaChecks}, {@link VideoSize} and {@link
 * dev.longtake.transforms.media.MediaException}: FILE_NOT_FOUND, ACCESS_DENIED.
 */
public final class RequestPreparer {
  private final RenderSettings settings;
  private final EngineSource engines;
  private final TakePlanner takePlanner;
  private final ClipPlanner clipPlanner;

  /**
   * Creates a preparer.
   *
   * @param takePlanner decides where videos are cut
   */
  public RequestPreparer(RenderSettings settings, EngineSource engines, TakePlanner takePlanner) {
    this.settings = requireNonNull(settings, "settings");
    this.engines = requireNonNull(engines, "engines");
    this.takePlanner = requireNonNull(takePlanner, "takePlanner");
    this.clipPlanner = new ClipPlanner(settings.inferFrames());
  }

  /**
   * Prepares a request.
   *
   * @param store takes the media
   * @param scratch an empty local directory, for files on the way
   * @throws RequestFaultException if no video can be made of it
   * @throws IOException if storage fails; a retry may help
   */
  public PreparedRequest prepare(RenderRequest request, WorkStore store, Path scratch)
      throws RequestFaultException, IOException {
    try {
      return checked(request, store, scratch);
    } catch (NoSuchFileException e) {
      throw new RequestFaultException(
          "FILE_NOT_FOUND", "There is no file '%s'. Correct its path.".formatted(e.getFile()));
    } catch (AccessDeniedException e) {
      throw new RequestFaultException(
          "ACCESS_DENIED", "'%s' may not be read. Change its permissions.".formatted(e.getFile()));
    } catch (MediaException e) {
      if (!e.code().isRequestAtFault()) {
        throw e;
      }
      throw new RequestFaultException(e.code().name(), String.valueOf(e.getMessage()));
    } catch (InvalidRequestException e) {
      throw new RequestFaultException("EXTREME_PROPORTIONS", String.valueOf(e.getMessage()));
    }
  }

  private PreparedRequest checked(RenderRequest request, WorkStore store, Path scratch)
      throws RequestFaultException, IOException {
    Picture picture =
        PictureReader.read(InputFiles.local(request.getImage(), scratch.resolve("i")));
    MediaChecks.checkPicture(request.getImage(), picture.width(), picture.height());
    FrameSize size =
        engines
            .provider()
            .frameSize(picture.width(), picture.height(), areaPixels(request.getSize()));

    Path sound = InputFiles.local(request.getAudio(), scratch.resolve("s"));
    Path speech = scratch.resolve("speech");
    SpeechMeter meter = new SpeechMeter();
    try (FileChannel channel = FileChannel.open(speech, CREATE_NEW, WRITE)) {
      SpeechFile.Writer writer = new SpeechFile.Writer(channel);
      AudioReader.read(
          sound,
          (samples, count) -> {
            meter.accept(samples, 0, count);
            writer.write(samples, count);
          });
    }
    MediaChecks.checkSpeech(request.getAudio(), meter.samples(), meter.peak());

    List<FrameRange> ranges = takes(request, meter.envelope());
    String pictureLocation = store.put(PictureFile.encode(picture));
    String hash = requestHash(request, size, pictureLocation);
    return PreparedRequest.builder()
        .setRequest(request)
        .setHash(hash)
        .setWidth(size.width())
        .setHeight(size.height())
        .setFrames(ranges.get(ranges.size() - 1).end())
        .setPicture(pictureLocation)
        .setSpeech(store.put(speech))
        .setSpeechSamples(meter.samples())
        .setSound(store.put(sound))
        .setTakes(hashed(hash, ranges, speech, meter.samples()))
        .build();
  }

  private long areaPixels(@Nullable String size) throws RequestFaultException {
    return size == null ? settings.areaPixels() : VideoSize.parse(size).areaPixels();
  }

  private List<FrameRange> takes(RenderRequest request, SpeechEnvelope envelope) {
    List<FrameRange> takes = takePlanner.plan(envelope);
    FrameRange.requirePartition(takes, envelope.frames());
    int most = Integer.MAX_VALUE;
    if (settings.mostClips() != null) {
      most = settings.mostClips();
    }
    Integer asked = request.getClips();
    if (asked != null) {
      most = Math.min(most, asked);
    }
    return clipPlanner.limit(takes, most);
  }

  private String requestHash(RenderRequest request, FrameSize size, String pictureLocation) {
    return new RequestHash(
            pictureLocation.substring(pictureLocation.lastIndexOf('/') + 1),
            request.getPrompt(),
            size.width(),
            size.height(),
            request.getSeed(),
            settings.continuity().toString(),
            settings.checkpointDigest(),
            settings.precisions(),
            settings.sampleSteps(),
            settings.inferFrames(),
            settings.numericsVersion())
        .hex();
  }

  private List<PlannedTake> hashed(
      String requestHash, List<FrameRange> ranges, Path speech, long samples) throws IOException {
    TakeHasher hasher =
        new TakeHasher(
            requestHash,
            ranges,
            settings.continuity() == Continuity.CARRY
                ? TakeHasher.Chaining.CHAINED
                : TakeHasher.Chaining.INDEPENDENT,
            settings.audioLeadFrames(),
            samples);
    SpeechFile.read(Files.newInputStream(speech), (chunk, count) -> hasher.accept(chunk, 0, count));
    return hasher.finish();
  }
}
