//! Metrics in the OpenMetrics text format. They name no identity and no address.

use core::time::Duration;

use hubward::policy::Transport;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::recent::Recent;

/// The labels of a decision: transport, verdict and code.
type DecisionLabels = [(&'static str, &'static str); 3];

/// The metrics of a gateway.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Decisions by transport, verdict and code: all from fixed lists, with one code for all peers that are not authenticated.
    decisions: Family<DecisionLabels, counter::Counter>,
    identities: gauge::Gauge,
    /// Connections that are open now.
    pub(crate) open: Gauge,
    /// Connections that were accepted.
    pub(crate) accepted: Counter,
    /// Connections closed because there were too many.
    pub(crate) crowded_out: Counter,
    /// Connections closed before their handshake because their address opened too many in a second.
    pub(crate) over_rate: Counter,
    /// Handshakes that failed or took too long.
    pub(crate) handshakes_failed: Counter,
    /// Connections closed because they did not follow the protocol.
    pub(crate) malformed: Counter,
    /// Connections closed for taking too long.
    pub(crate) timed_out: Counter,
    /// Refusals whose answer was delayed.
    pub(crate) slowed: Counter,
    /// Connections that a newer one of the same identity closed.
    pub(crate) evicted: Counter,
    /// WebSockets that were opened.
    pub(crate) websockets: Counter,
    /// Messages from devices.
    pub(crate) messages: Counter,
    /// Their bytes.
    pub(crate) message_bytes: Counter,
    /// Permitted and refused decisions, of all transports and codes.
    pub(crate) permitted: Counter,
    pub(crate) refused: Counter,
    /// The last refusals, which the metrics do not have.
    pub(crate) recent: Recent,
    handshakes: Histogram,
    admissions: Histogram,
    rechecks: Histogram,
}

/// A counter that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(counter::Counter);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.inc_by(more);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.get()
    }
}

/// A value that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(gauge::Gauge);

impl Gauge {
    pub(crate) fn up(&self) {
        self.0.inc();
    }

    pub(crate) fn down(&self) {
        self.0.dec();
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.get()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("hubward");
        let mut counter = |name: &str, help: &str| {
            let counter = counter::Counter::default();
            registry.register(name, help, counter.clone());
            Counter(counter)
        };
        let accepted = counter("connections_accepted", "Connections that were accepted");
        let crowded_out = counter("connections_crowded_out", "Closed: too many were open");
        let over_rate = counter("connections_over_rate", "Closed: too many of one address in a second");
        let handshakes_failed = counter("handshakes_failed", "TLS handshakes that failed");
        let malformed = counter("connections_malformed", "Closed: the peer did not follow the protocol");
        let timed_out = counter("connections_timed_out", "Closed: too slow or silent");
        let evicted = counter("connections_evicted", "Closed: the identity opened a newer connection");
        let slowed = counter("refusals_slowed", "Refusals whose answer was delayed");
        let websockets = counter("websockets", "WebSockets that were opened");
        let messages = counter("messages", "Messages from devices");
        let message_bytes = counter("message_bytes", "Bytes of messages from devices");
        let (open, identities, decisions) =
            (gauge::Gauge::default(), gauge::Gauge::default(), Family::default());
        registry.register("connections_open", "Connections that are open now", open.clone());
        registry.register("identities_connected", "Devices and modules connected", identities.clone());
        registry.register("decisions", "Decisions, each with its log line", Family::clone(&decisions));
        let mut histogram = |name: &str, help: &str, first: f64, buckets: u16| {
            let histogram = Histogram::new(exponential_buckets(first, 2.0, buckets));
            registry.register(name, help, histogram.clone());
            histogram
        };
        Self {
            handshakes: histogram("handshake_seconds", "Time of completed TLS handshakes", 0.000_5, 15),
            admissions: histogram("admission_seconds", "Time of successful authentications", 0.000_001, 16),
            rechecks: histogram("recheck_seconds", "Time of rechecks of sessions", 0.000_000_1, 16),
            registry,
            decisions,
            identities,
            open: Gauge(open),
            accepted,
            crowded_out,
            over_rate,
            handshakes_failed,
            malformed,
            timed_out,
            slowed,
            evicted,
            websockets,
            messages,
            message_bytes,
            permitted: Counter::default(),
            refused: Counter::default(),
            recent: Recent::default(),
        }
    }
}

impl Metrics {
    pub(crate) fn decided(&self, transport: Transport, verdict: &'static str, code: &'static str) {
        let transport = match transport {
            Transport::Http => "https",
            Transport::Mqtt => "mqtt",
            Transport::Amqp => "amqp",
        };
        let labels = [("transport", transport), ("verdict", verdict), ("code", code)];
        self.decisions.get_or_create(&labels).inc();
        if verdict == "allow" { &self.permitted } else { &self.refused }.add(1);
    }

    /// Records the time of a completed handshake.
    pub(crate) fn handshake_took(&self, time: Duration) {
        self.handshakes.observe(time.as_secs_f64());
    }

    /// Records the time of a successful authentication, lookups included. Refusals are not measured: their times would
    /// reveal whether an identity exists.
    pub(crate) fn authentication_took(&self, time: Duration) {
        self.admissions.observe(time.as_secs_f64());
    }

    /// Records the time of a recheck.
    pub(crate) fn recheck_took(&self, time: Duration) {
        self.rechecks.observe(time.as_secs_f64());
    }

    /// Returns the metrics in the OpenMetrics text format, version 1.0.0.
    pub(crate) fn text(&self, identities: usize) -> String {
        self.identities.set(i64::try_from(identities).unwrap_or(i64::MAX));
        let mut text = String::new();
        // writing to a `String` cannot fail
        let _ = encode(&mut text, &self.registry);
        text
    }
}
