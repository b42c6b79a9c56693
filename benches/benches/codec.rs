//! What does an event cost on its way into bytes and out of them? A publisher encodes it, the broker
//! reads its envelope, a subscriber decodes it whole.

use std::hint::black_box;

use bus_benches::sample;
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::benching::{Decoder, encode_frame, envelope_of};
use daemoneye_eventbus::{BusEvent, EventEnvelope};

/// An event in each of its forms.
struct Sample {
    /// With its size on the wire.
    name: String,
    event: BusEvent,
    envelope: Bytes,
}

impl Sample {
    fn all() -> Vec<Self> {
        let of = |(name, event)| {
            let event = sample::published("procmond", event);
            let mut frame = Vec::new();
            encode_frame(&mut frame, &event, None);
            let envelope =
                Bytes::copy_from_slice(envelope_of(&frame).expect("a frame of an event"));
            let decoded = Decoder::default().decode(&envelope);
            assert_eq!(decoded.as_ref(), Some(&event), "it comes out as it went in");
            Self { name: format!("{name}, {} bytes", frame.len()), event, envelope }
        };
        sample::sizes().into_iter().map(of).collect()
    }
}

fn what_does_an_event_cost_in_bytes(criterion: &mut Criterion) {
    let samples = Sample::all();

    let mut group = criterion.benchmark_group("what does encoding into a frame cost?");
    let mut frame = Vec::new();
    for Sample { name, event, .. } in &samples {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| {
                // As an outbox, whose room stays.
                frame.clear();
                encode_frame(&mut frame, black_box(event), None);
            });
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("what does reading the envelope alone cost?");
    for Sample { name, envelope, .. } in &samples {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| EventEnvelope::parse(black_box(envelope)).is_ok());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("what does decoding all of it cost?");
    let mut decoder = Decoder::default();
    for Sample { name, envelope, .. } in &samples {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| decoder.decode(black_box(envelope)));
        });
    }
    group.finish();
}

criterion_group!(questions, what_does_an_event_cost_in_bytes);
criterion_main!(questions);
