//! Reads from a terminal: says that it waits, and does not show what is typed.

use std::io::{self, BufRead, IsTerminal, Read, Write, stdin};

use zeroize::Zeroizing;

/// Standard input. From a terminal it is read without an echo, because it may be a secret: lines up to an empty line.
pub(crate) struct Input {
    /// The lines of a terminal that are not read yet; `None` for another input.
    typed: Option<Zeroizing<Vec<u8>>>,
}

/// Returns standard input. If it is a terminal, a message says that `what` is awaited, and the lines are read.
pub(crate) fn input(what: &str) -> io::Result<Input> {
    if !stdin().is_terminal() {
        return Ok(Input { typed: None });
    }
    let silence = Silence::begin();
    let shown = if silence.is_some() { "it is not shown" } else { "it is shown" };
    let message =
        format!("hubward: reading {what} from the terminal; {shown}. An empty line, or Ctrl-D, ends it");
    writeln!(io::stderr(), "{message}")?;
    let mut typed = Zeroizing::new(Vec::with_capacity(64 * 1024));
    let mut lines = stdin().lock();
    loop {
        let before = typed.len();
        let count = lines.read_until(b'\n', &mut typed)?;
        if count == 0 || typed.get(before..).is_some_and(|line| line.trim_ascii().is_empty()) {
            break;
        }
    }
    drop(silence);
    Ok(Input { typed: Some(typed) })
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.typed {
            None => stdin().read(buffer),
            Some(typed) => {
                let count = typed.as_slice().read(buffer)?;
                typed.drain(..count);
                Ok(count)
            }
        }
    }
}

/// Returns the width of the terminal that standard output is, in columns.
#[cfg(unix)]
pub(crate) fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// Returns the width of the terminal that standard output is, in columns.
#[cfg(not(unix))]
pub(crate) const fn width() -> Option<usize> {
    None
}

/// A terminal without an echo, until this is dropped.
#[cfg(unix)]
struct Silence(rustix::termios::Termios);

#[cfg(unix)]
impl Silence {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(stdin()).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Drain, &silent).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(stdin(), rustix::termios::OptionalActions::Drain, &self.0);
    }
}

#[cfg(not(unix))]
struct Silence;

#[cfg(not(unix))]
impl Silence {
    const fn begin() -> Option<Self> {
        None
    }
}
