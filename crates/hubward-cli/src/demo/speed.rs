//! Measures the tokens verified per second, from text to verdict, on one core.

use core::error::Error;
use core::hint::black_box;
use core::time::Duration;

use hubward::sas::{SasToken, TokenRules};
use hubward::types::Keys;

use super::fixtures::{HOST, Hub};
use crate::clock::{at, stopwatch};

pub(crate) fn measure(hub: &Hub<'_>) -> Result<String, Box<dyn Error>> {
    const BATCH: u32 = 1000;
    let rules = TokenRules::STRICT;
    let text = hub.token(&format!("{HOST}%2Fdevices%2Fdev1"), &hub.dev1, None)?;
    let keys = Keys::pair(&hub.dev1, &hub.dev1_secondary);
    let start = stopwatch();
    let mut verified = 0_u64;
    while start.elapsed() < Duration::from_millis(300) {
        for _ in 0..BATCH {
            SasToken::parse(black_box(&text), &rules)?.verify_for_any_host(keys, at(hub.now), &rules)?;
        }
        verified = verified.saturating_add(u64::from(BATCH));
    }
    let micros = u64::try_from(start.elapsed().as_micros())?.max(1);
    let per_second = verified.saturating_mul(1_000_000).checked_div(micros).unwrap_or_default();
    Ok(format!("{per_second} tokens verified per second on one core, both keys tried, text to verdict."))
}
