//! Types the command blocks of README.md and of the book's pages, as they are written, and compares the exit statuses of their
//! commands. Only names of this machine are replaced: the programs of this test stand in for those that cargo would build, and
//! free ports for the usual ones.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
#[path = "../../hubward-postgres/tests/common/mod.rs"]
mod postgres;

use std::fs::{File, read_to_string};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Folder, SEAL};

/// A requirement of a block that a machine may lack. `.ci/run` installs the programs, and `cargo test --workspace` builds the gateway.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Nothing,
    /// `hubward-gateway` next to `hubward`, and `curl`.
    Gateway,
    /// The same, and PostgreSQL.
    Database,
    Openssl,
    /// `openssl`, and the trusted roots of Debian.
    Roots,
}

/// A block of commands.
struct Block {
    /// The beginning of its first line.
    start: &'static str,
    /// The commands that a reader typed before, in another section or elsewhere.
    before: &'static str,
    /// The statuses of the commands that fail, which the text around the block says.
    fails: &'static [i32],
    needs: Needs,
}

const fn typed(start: &'static str) -> Block {
    Block { start, before: "", fails: &[], needs: Needs::Nothing }
}

/// The block that is not typed. The page has this command and no other, or [`every_block_is_typed`] fails.
const THIS_TEST: &str = "cargo test --workspace\n";

/// The blocks of README.md, in their order.
const FRONT: [Block; 8] = [
    typed("cargo run --release -p hubward-cli -- demo"),
    typed("cargo install --path crates/hubward-cli"),
    typed("hubward token sign"),
    typed("hubward ca init root"),
    Block { needs: Needs::Gateway, ..typed("hubward ca issue issuing --host localhost") },
    // the last command but one refuses the certificate
    Block { before: "mkdir -p crls", fails: &[1], ..typed("hubward ca revoke issuing") },
    Block { needs: Needs::Database, ..typed("(umask 077;") },
    Block { needs: Needs::Database, ..typed("hubward registry disable") },
];

/// The blocks of docs/COOKBOOK.md, which are typed after those of README.md.
const COOKBOOK: [Block; 3] = [
    Block {
        before: "for name in bob carol; do openssl genpkey -algorithm ed25519 -out $name.key; \
                 openssl pkey -in $name.key -pubout -out $name.pub; done; cp root/certificate.pem hub-root.pem",
        needs: Needs::Openssl,
        ..typed("openssl genpkey -algorithm ed25519")
    },
    Block { before: "rm bundle-1", needs: Needs::Roots, ..typed("hubward roots build --number 1") },
    Block {
        before: "CODE=00112233; openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA",
        needs: Needs::Openssl,
        ..typed("openssl req -new")
    },
];

fn page(path: &str) -> String {
    read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// Returns the blocks of shell commands of a page.
fn blocks(page: &str) -> Vec<String> {
    page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A reader at a terminal: a folder, the programs, and the gateways that were started.
struct Reader {
    folder: Folder,
    path: String,
    has_gateway: bool,
    database: Option<postgres::Server>,
    ports: Vec<(&'static str, String)>,
    started: Vec<u32>,
}

impl Reader {
    fn new() -> Self {
        let folder = Folder::new("readme");
        let program = PathBuf::from(env!("CARGO_BIN_EXE_hubward"));
        let programs = program.parent().unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        // a reader types `curl` when the gateway has started
        folder.write(".curlrc", "retry = 60\nretry-delay = 1\nretry-connrefused\n");
        let database = postgres::Server::start();
        let mut ports: Vec<(&str, String)> =
            ["8443", "9443", "8883"].map(|port| (port, postgres::free_port().to_string())).into();
        if let Some(server) = &database {
            server.create("hub");
            ports.push(("5432", server.port.to_string()));
        }
        let has_gateway = programs.join("hubward-gateway").exists() && has("curl");
        Self { folder, path, has_gateway, database, ports, started: Vec::new() }
    }

    fn has(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Gateway => self.has_gateway,
            Needs::Database => self.has_gateway && self.database.is_some(),
            Needs::Openssl => has("openssl"),
            Needs::Roots => has("openssl") && Path::new("/etc/ssl/certs/ca-certificates.crt").exists(),
        }
    }

    /// Types a block, and returns the statuses of the commands that failed, and the output. The status of the shell is among them
    /// after a syntax error or an `exit`.
    fn types(&mut self, block: &Block, text: &str) -> (Vec<i32>, String) {
        let mut typed = text
            .lines()
            .filter(|line| !line.starts_with("cargo install --path crates/hubward-cli"))
            .map(|line| line.replace("cargo run --release -p hubward-cli --", "hubward"))
            .map(|line| line.replace("cargo run --release -p hubward-gateway --", "hubward-gateway"))
            .map(|line| format!("{line}\n"))
            .collect::<String>();
        for (usual, port) in &self.ports {
            typed = typed.replace(&format!(":{usual}"), &format!(":{port}"));
        }
        // the trap does not see the first command of two
        let typed = typed.replace(" && ", "\n");
        let before = block.before;
        let script = format!("{before}\nset -E -o pipefail; trap 'echo $? >> failed' ERR\n{typed}\n:");
        self.folder.write("failed", "");
        let output = File::create(self.folder.path("output")).unwrap();
        let mut shell = Command::new("bash");
        shell
            .args(["-c", &script])
            .current_dir(self.folder.path(""))
            .env("PATH", &self.path)
            .env("HUBWARD_KEY", SEAL)
            .env("CURL_HOME", self.folder.path(""))
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            // what it starts is ended with it
            .process_group(0);
        let mut shell = shell.spawn().unwrap();
        let in_background = text.contains(" &\n");
        if in_background {
            self.started.push(shell.id());
        }
        let status = shell.wait().unwrap().code().unwrap_or(-1);
        if in_background {
            let (_, port) =
                self.ports.iter().find(|(usual, _)| text.contains(&format!("127.0.0.1:{usual}"))).unwrap();
            let url = format!("https://localhost:{port}/healthz");
            let healthy = Command::new("curl")
                .args(["-skf", &url])
                .env("CURL_HOME", self.folder.path(""))
                .output()
                .unwrap();
            assert!(healthy.status.success(), "{text}\n{}", self.folder.text("output"));
        }
        let mut failed: Vec<i32> =
            self.folder.text("failed").lines().map(|line| line.parse().unwrap()).collect();
        // the last command is `:`
        failed.extend((status != 0).then_some(status));
        (failed, self.folder.text("output"))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        for group in &self.started {
            let kill = format!("kill -9 -{group}");
            let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
        }
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn every_block_is_typed() {
    let mut reader = Reader::new();
    for (path, expected) in [("README.md", &FRONT[..]), ("docs/COOKBOOK.md", &COOKBOOK)] {
        let blocks: Vec<String> =
            blocks(&page(path)).into_iter().filter(|block| block != THIS_TEST).collect();
        assert_eq!(blocks.len(), expected.len(), "each block of {path} needs its line here");
        for (text, block) in blocks.iter().zip(expected) {
            assert!(text.starts_with(block.start), "{path}: {text}");
            if !reader.has(block.needs) {
                eprintln!("{path}: `{}` is not tested: a program is missing", block.start);
                continue;
            }
            let (failed, output) = reader.types(block, text);
            assert_eq!(failed, block.fails, "{path}: {text}\n{output}");
            // both devices were accepted
            assert!(!text.contains("for n in 1/one") || output.matches("204\n").count() == 2, "{output}");
        }
    }
}

#[test]
fn a_block_that_fails_anywhere_is_noticed() {
    let mut reader = Reader {
        folder: Folder::new("readme-broken"),
        path: std::env::var("PATH").unwrap(),
        has_gateway: false,
        database: None,
        ports: Vec::new(),
        started: Vec::new(),
    };
    for (text, failed) in [
        ("true\n", &[][..]),
        ("false\ntrue\n", &[1]),
        ("exit 3\n", &[3]),
        ("true; fi\n", &[2]),
        ("false && true\ntrue\n", &[1]),
        ("f() { (exit 4); true; }\nf\n", &[4]),
    ] {
        assert_eq!(reader.types(&typed("x"), text).0, failed, "{text}");
    }
    assert!(reader.started.is_empty(), "no group is ended that may be another one's");
}

#[test]
fn each_command_that_the_documents_name_exists() {
    let mut root = hubward_cli::command();
    root.build();
    let mut checked = 0;
    for path in [
        "README.md",
        "docs/COOKBOOK.md",
        "docs/CODES.md",
        "docs/PAINS.md",
        "docs/CHOOSING.md",
        "crates/hubward-cli/README.md",
    ] {
        let page = page(path);
        for start in page.split("hubward ").skip(1) {
            let mut command = &root;
            let words = start.split([' ', '`', '\n', ',', ')', '|']).take(3);
            for word in words {
                let known = command.find_subcommand(word);
                match known {
                    Some(known) => command = known,
                    None => break,
                }
                checked += 1;
            }
            let first = start.split([' ', '`', '\n']).next().unwrap();
            let is_command = page
                .split(&format!("`hubward {first}"))
                .nth(1)
                .is_none_or(|_| root.find_subcommand(first).is_some() || first.starts_with('-'));
            assert!(is_command, "{path}: hubward {first}");
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn each_page_with_a_block_is_typed() {
    let mut counted = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let page = read_to_string(&path).unwrap();
        counted += 1;
        for fence in ["```bash", "```console", "```shell"] {
            assert!(!page.contains(fence), "{}: begin a block of commands with ```sh", path.display());
        }
        let is_typed = path.ends_with("docs/COOKBOOK.md");
        assert!(
            is_typed || blocks(&page).is_empty(),
            "{}: type its blocks here, as README.md's are",
            path.display()
        );
        // commands are not hidden in a block of another kind
        for text in page.split("```text\n").skip(1) {
            let block = text.split("```").next().unwrap();
            let command = block.lines().find(|line| {
                ["hubward ", "hubward-gateway ", "openssl ", "cargo ", "curl "]
                    .iter()
                    .any(|start| line.starts_with(start))
            });
            assert_eq!(command, None, "{}: begin its block with ```sh", path.display());
        }
    }
    assert!(counted > 10, "{counted}");
}
