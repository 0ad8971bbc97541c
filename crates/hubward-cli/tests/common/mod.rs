//! Runs the program in a folder of the test.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A seal key of 32 bytes.
pub const SEAL: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

pub struct Folder(PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Returns the program with these arguments and the seal key in its environment.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubward"));
        command.current_dir(&self.0).args(words.split(' ')).env("HUBWARD_SEAL_KEY", SEAL);
        command
    }

    /// Returns the exit status, and the output on both streams.
    pub fn hubward(&self, words: &str) -> (i32, String) {
        run(&mut self.command(words), "")
    }

    /// Returns the same for a standard input.
    pub fn with_input(&self, words: &str, input: &str) -> (i32, String) {
        run(&mut self.command(words), input)
    }

    /// Returns the output of a run with status 0.
    pub fn well(&self, words: &str) -> String {
        let (status, out) = self.hubward(words);
        assert_eq!(status, 0, "{words}: {out}");
        out
    }
}

pub fn run(command: &mut Command, input: &str) -> (i32, String) {
    let output = outcome(command, input);
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap_or(-1), text)
}

pub fn outcome(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // a program that does not read its input may end before it is written
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
