//! Metrics in Prometheus' format. They name no identity and no address.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hubward::policy::Transport;

/// The metrics of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Decisions by transport, verdict and code: all from fixed lists, with one code for all peers that are not authenticated.
    decisions: Mutex<BTreeMap<(&'static str, &'static str, &'static str), u64>>,
    /// Connections that are open now.
    pub(crate) open: Gauge,
    /// Connections that were accepted.
    pub(crate) accepted: Counter,
    /// Connections closed because there were too many.
    pub(crate) crowded_out: Counter,
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
    authentications: Counter,
    authentication_nanoseconds: Counter,
}

/// A counter that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A value that goes up and down.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Metrics {
    pub(crate) fn decided(&self, transport: Transport, verdict: &'static str, code: &'static str) {
        let transport = match transport {
            Transport::Http => "https",
            Transport::Mqtt => "mqtt",
            Transport::Amqp => "amqp",
        };
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        let count = decisions.entry((transport, verdict, code)).or_default();
        *count = count.saturating_add(1);
    }

    /// Records the time of a successful authentication, lookups included. Refusals are not measured: their times would
    /// reveal whether an identity exists.
    pub(crate) fn authentication_took(&self, time: Duration) {
        self.authentications.add(1);
        self.authentication_nanoseconds.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Returns the metrics in Prometheus' text format, version 0.0.4.
    pub(crate) fn text(&self, identities: usize) -> String {
        let mut text = String::new();
        let mut write = |name: &str, kind: &str, help: &str, value: u64| {
            // writing to a `String` cannot fail
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        };
        let open = self.open.0.load(Relaxed);
        write("hubward_connections_open", "gauge", "Connections that are open now.", open);
        let identities = u64::try_from(identities).unwrap_or(u64::MAX);
        write("hubward_identities_connected", "gauge", "Devices and modules connected.", identities);
        for (name, help, counter) in [
            ("hubward_connections_accepted_total", "Connections that were accepted.", &self.accepted),
            ("hubward_connections_crowded_out_total", "Closed: too many were open.", &self.crowded_out),
            ("hubward_handshakes_failed_total", "TLS handshakes that failed.", &self.handshakes_failed),
            (
                "hubward_connections_malformed_total",
                "Closed: the peer did not follow the protocol.",
                &self.malformed,
            ),
            ("hubward_connections_timed_out_total", "Closed: too slow or silent.", &self.timed_out),
            (
                "hubward_connections_evicted_total",
                "Closed: the identity opened a newer connection.",
                &self.evicted,
            ),
            ("hubward_refusals_slowed_total", "Refusals whose answer was delayed.", &self.slowed),
            ("hubward_websockets_total", "WebSockets that were opened.", &self.websockets),
            ("hubward_messages_total", "Messages from devices.", &self.messages),
            ("hubward_message_bytes_total", "Bytes of messages from devices.", &self.message_bytes),
            ("hubward_admissions_total", "Successful authentications.", &self.authentications),
            (
                "hubward_admission_nanoseconds_total",
                "Time of successful authentications.",
                &self.authentication_nanoseconds,
            ),
        ] {
            write(name, "counter", help, counter.get());
        }
        let name = "hubward_decisions_total";
        let _ = write!(text, "# HELP {name} Decisions, each with its log line.\n# TYPE {name} counter\n");
        let decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        for ((transport, verdict, code), count) in &*decisions {
            let labels = format!("transport=\"{transport}\",verdict=\"{verdict}\",code=\"{code}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
        text
    }
}
