//! The functions that the page calls. They have numbers only: the page writes its input and reads the output byte by byte, so
//! that no pointer crosses the border and no memory is read or written outside of safe Rust.
//!
//! The only `unsafe` is the attribute that keeps a function's name. `wasm-bindgen` would hide it, but needs a program of its own
//! version for each build, and code in the page that reads the memory.

use core::time::Duration;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use hubward::sas::{SasToken, TokenRules};
use hubward::types::{Authority, DeviceId, Identity, Keys, ModuleId, SymmetricKey, UnixTime};
use hubward_inspect::token::{Expected, malformed, verified};
use hubward_inspect::{Outcome, inspect};
use hubward_rustcrypto::{Digests, HmacKey};
use zeroize::Zeroizing;

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// The most bytes of an input.
const LONGEST: usize = 1024 * 1024;

#[derive(Default)]
struct State {
    input: Zeroizing<Vec<u8>>,
    output: Zeroizing<Vec<u8>>,
}

static STATE: LazyLock<Mutex<State>> = LazyLock::new(Mutex::default);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Appends a byte to the input. Returns 1, or 0 if the input is too long.
#[expect(unsafe_code, reason = "an exported name")]
#[unsafe(no_mangle)]
pub extern "C" fn put(byte: u32) -> u32 {
    let mut state = state();
    match u8::try_from(byte) {
        Ok(byte) if state.input.len() < LONGEST => {
            state.input.push(byte);
            1
        }
        _ => 0,
    }
}

/// Inspects the input at this time, in seconds since 1970, and erases it. Returns 0 if it is good, 1 if it is refused, 3 if it
/// cannot be judged.
#[expect(unsafe_code, reason = "an exported name")]
#[unsafe(no_mangle)]
pub extern "C" fn inspect_input(now: f64) -> u32 {
    judge(now, |input, now, out| inspect(input, &Digests, now, out).map_err(reason))
}

/// Verifies the input, which is a token, a key, a host, a device and a module, each on a line; the last three may be empty. Returns
/// the same as [`inspect_input`].
#[expect(unsafe_code, reason = "an exported name")]
#[unsafe(no_mangle)]
pub extern "C" fn verify_input(now: f64) -> u32 {
    judge(now, verify)
}

/// Returns the number of bytes of the output.
#[expect(unsafe_code, reason = "an exported name")]
#[unsafe(no_mangle)]
pub extern "C" fn output_length() -> u32 {
    u32::try_from(state().output.len()).unwrap_or_default()
}

/// Returns a byte of the output, and erases it.
#[expect(unsafe_code, reason = "an exported name")]
#[unsafe(no_mangle)]
pub extern "C" fn take(at: u32) -> u32 {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    state().output.get_mut(at).map_or(0, |byte| u32::from(core::mem::take(byte)))
}

/// Returns the reason of an error. Those of the system do not occur here, and their sentences are left out.
fn reason(error: std::io::Error) -> String {
    error.into_inner().map_or_else(String::new, |error| error.to_string())
}

type Judge = fn(&[u8], UnixTime, &mut Vec<u8>) -> Result<Outcome, String>;

fn judge(now: f64, judge: Judge) -> u32 {
    let mut state = state();
    let input = core::mem::take(&mut state.input);
    // a negative time is 1970
    let now = Duration::from_secs(now as u64);
    let mut output = Zeroizing::new(Vec::with_capacity(4096));
    let status = match judge(&input, UnixTime::since_unix_epoch(now), &mut output) {
        Ok(Outcome::Good) => 0,
        Ok(Outcome::Refused) => 1,
        Err(reason) => {
            output.extend_from_slice(reason.as_bytes());
            3
        }
    };
    state.output = output;
    status
}

fn verify(input: &[u8], now: UnixTime, out: &mut Vec<u8>) -> Result<Outcome, String> {
    let input = core::str::from_utf8(input).map_err(|_| "the input is not text")?;
    let mut lines = input.split('\n').map(str::trim);
    let mut line = || lines.next().unwrap_or_default();
    let (token, key, host, device, module) = (line(), line(), line(), line(), line());
    let rules = TokenRules::HUB_COMPAT;
    let parsed = match SasToken::parse(token, &rules) {
        Ok(parsed) => parsed,
        Err(error) => return malformed(out, token, &error).map_err(reason),
    };
    let key = SymmetricKey::from_base64(key).map_err(|error| error.to_string())?;
    let mut expected = Expected::default();
    if !host.is_empty() {
        expected.host = Some(Authority::parse(host).map_err(|error| format!("the host: {error}"))?);
    }
    if !device.is_empty() {
        let device = DeviceId::parse(device).map_err(|error| format!("the device: {error}"))?;
        expected.identity = Some(if module.is_empty() {
            Identity::Device(device)
        } else {
            Identity::Module(device, ModuleId::parse(module).map_err(|error| format!("the module: {error}"))?)
        });
    } else if !module.is_empty() {
        return Err("a module has a device: enter its id".to_owned());
    }
    let key = HmacKey::new(&key);
    verified(out, parsed, Keys::one(&key), &expected, &rules, now).map_err(reason)
}
