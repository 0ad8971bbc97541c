//! Counters, as Prometheus reads them. They name no identity and no address.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hubward::policy::Transport;

/// What the gateway counts.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Decisions by transport, verdict and code: all three from fixed lists, and of a peer that is not proven one code.
    decisions: Mutex<BTreeMap<(&'static str, &'static str, &'static str), u64>>,
    /// Connections that are open now.
    pub(crate) open: Gauge,
    /// Connections that were taken.
    pub(crate) accepted: Counter,
    /// Connections closed before their handshake, for there were too many.
    pub(crate) crowded_out: Counter,
    /// Handshakes that failed or took too long.
    pub(crate) handshakes_failed: Counter,
    /// Connections closed for bytes that are not of the protocol.
    pub(crate) malformed: Counter,
    /// Connections closed for taking too long.
    pub(crate) timed_out: Counter,
    /// Refusals whose answer was delayed.
    pub(crate) slowed: Counter,
    /// Connections that a newer one of the same identity ended.
    pub(crate) evicted: Counter,
    /// Messages of devices.
    pub(crate) messages: Counter,
    /// Their bytes.
    pub(crate) message_bytes: Counter,
    admissions: Counter,
    admission_nanoseconds: Counter,
}

/// A number that only grows.
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

/// A number that is held up for as long as somebody lives.
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

    /// The admission of somebody proven took so long, lookups included. Refusals are not measured: how long each took
    /// would tell whether an identity exists.
    pub(crate) fn admission_took(&self, time: Duration) {
        self.admissions.add(1);
        self.admission_nanoseconds.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The text format of Prometheus, version 0.0.4.
    pub(crate) fn text(&self, identities: usize) -> String {
        let mut text = String::new();
        let mut write = |name: &str, kind: &str, help: &str, value: u64| {
            // a String takes whatever is written
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        };
        let open = self.open.0.load(Relaxed);
        write("hubward_connections_open", "gauge", "Connections that are open now.", open);
        let identities = u64::try_from(identities).unwrap_or(u64::MAX);
        write("hubward_identities_connected", "gauge", "Devices and modules connected.", identities);
        for (name, help, counter) in [
            ("hubward_connections_accepted_total", "Connections that were taken.", &self.accepted),
            ("hubward_connections_crowded_out_total", "Closed: too many were open.", &self.crowded_out),
            ("hubward_handshakes_failed_total", "TLS handshakes that failed.", &self.handshakes_failed),
            ("hubward_connections_malformed_total", "Closed: not of the protocol.", &self.malformed),
            ("hubward_connections_timed_out_total", "Closed: too slow or silent.", &self.timed_out),
            ("hubward_connections_evicted_total", "Closed: the identity connected anew.", &self.evicted),
            ("hubward_refusals_slowed_total", "Refusals whose answer was delayed.", &self.slowed),
            ("hubward_messages_total", "Messages of devices.", &self.messages),
            ("hubward_message_bytes_total", "Their bytes.", &self.message_bytes),
            ("hubward_admissions_total", "Credentials that were admitted.", &self.admissions),
            ("hubward_admission_nanoseconds_total", "The time it took.", &self.admission_nanoseconds),
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
