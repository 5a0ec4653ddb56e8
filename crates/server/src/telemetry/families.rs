//! Metrics that are read from elsewhere, as text.

use std::fmt::Result;
use std::time::Duration;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use ticketing_core::messaging::durations::DurationCounts;

/// The name of a metric, and what it means.
type Named<'a> = (&'a str, &'a str);

/// The labels of a sample.
type Labels<'a, const N: usize> = [(&'a str, &'a str); N];

pub(super) fn counter(encoder: &mut DescriptorEncoder<'_>, (name, help): Named<'_>, value: u64) -> Result {
    ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)
}

pub(super) fn gauge(encoder: &mut DescriptorEncoder<'_>, (name, help): Named<'_>, value: f64) -> Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}

pub(super) fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Named<'_>,
    counts: DurationCounts,
) -> Result {
    encode(counts, encoder.encode_descriptor(name, help, None, MetricType::Histogram)?)
}

pub(super) fn counters<'a, const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    named: Named<'_>,
    samples: impl IntoIterator<Item = (Labels<'a, N>, u64)>,
) -> Result {
    family(encoder, named, MetricType::Counter, samples, |value, metric| ConstCounter::new(value).encode(metric))
}

pub(super) fn gauges<'a, const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    named: Named<'_>,
    samples: impl IntoIterator<Item = (Labels<'a, N>, f64)>,
) -> Result {
    family(encoder, named, MetricType::Gauge, samples, |value, metric| ConstGauge::new(value).encode(metric))
}

pub(super) fn histograms<'a, const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    named: Named<'_>,
    samples: impl IntoIterator<Item = (Labels<'a, N>, DurationCounts)>,
) -> Result {
    family(encoder, named, MetricType::Histogram, samples, encode)
}

fn family<'a, V, const N: usize>(
    encoder: &mut DescriptorEncoder<'_>,
    (name, help): Named<'_>,
    kind: MetricType,
    samples: impl IntoIterator<Item = (Labels<'a, N>, V)>,
    encode: impl Fn(V, MetricEncoder<'_>) -> Result,
) -> Result {
    let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
    samples.into_iter().try_for_each(|(labels, value)| encode(value, metric.encode_family(&labels)?))
}

fn encode(DurationCounts { buckets, sum }: DurationCounts, mut metric: MetricEncoder<'_>) -> Result {
    let bound = |most: Duration| if most == Duration::MAX { f64::INFINITY } else { most.as_secs_f64() };
    let buckets: Vec<_> = buckets.into_iter().map(|(most, count)| (bound(most), count)).collect();
    let count = buckets.iter().map(|(_, count)| count).sum();
    metric.encode_histogram::<NoLabelSet>(sum.as_secs_f64(), count, &buckets, None)
}
