//! Rereading the registry's file: no line is skipped, and a truncated file does not delete many identities.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test"
)]

mod common;
use common::*;
use hubward_gateway::{Applied, FilesError, ReloadError};

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{{\"id\":\"d{n}\",\"status\":\"enabled\"}}\n")).collect()
}

fn write(gateway: &Gateway, text: impl AsRef<[u8]>) -> Result<Applied, FilesError> {
    std::fs::write(gateway.dev.file("devices.jsonl"), text).unwrap();
    gateway.server.reload().map_err(|error| match error {
        ReloadError::Files(error) => error,
        error => panic!("{error}"),
    })
}

async fn devices(gateway: &Gateway) -> usize {
    let (status, body) = gateway.owner("GET /devices?top=1000", "", "").await;
    assert_eq!(status, 200);
    serde_json::from_str::<Vec<serde_json::Value>>(&body).unwrap().len()
}

/// Starts a gateway whose registry file has this text.
async fn start_with(text: &str, max_delete_share: u8) -> Gateway {
    Gateway::with(|dev, config| {
        std::fs::write(dev.file("devices.jsonl"), text).unwrap();
        config.max_delete_share = max_delete_share;
    })
    .await
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let gateway = start_with(&lines(100), 10).await;
    for left in 0..90 {
        let error = write(&gateway, lines(left)).unwrap_err().to_string();
        let expected = format!(
            "devices.jsonl: {} of 100 identities would be deleted, more than 10 % (--max-delete-share); if the file was \
             truncated, restore it; ",
            100 - left
        );
        assert!(error.contains(&expected), "{error}");
    }
    // files without any line
    for empty in ["", "\n", " \r\n\t\n", "\u{feff}"] {
        assert!(matches!(write(&gateway, empty), Err(FilesError::ManyDeleted { deleted: 100, now: 0, .. })));
    }
    assert_eq!(devices(&gateway).await, 100);
    let applied = write(&gateway, lines(90)).unwrap();
    assert_eq!((applied.set, applied.deleted), (0, 10));
    assert_eq!(devices(&gateway).await, 90);
    gateway.end().await;
}

#[tokio::test]
async fn a_small_file_may_delete_a_few_identities_but_not_all() {
    let gateway = start_with(&lines(6), 10).await;
    assert!(matches!(write(&gateway, ""), Err(FilesError::ManyDeleted { .. })));
    assert_eq!(write(&gateway, lines(1)).unwrap().deleted, 5);
    assert!(matches!(write(&gateway, ""), Err(FilesError::ManyDeleted { deleted: 1, before: 1, .. })));
    gateway.end().await;
    let gateway = start_with(&lines(6), 100).await;
    assert_eq!(write(&gateway, "").unwrap().deleted, 6);
    gateway.end().await;
    let gateway = start_with(&lines(100), 0).await;
    assert!(matches!(write(&gateway, lines(94)), Err(FilesError::ManyDeleted { max_share: 0, .. })));
    gateway.end().await;
}

#[tokio::test]
async fn a_file_with_a_wrong_count_is_refused() {
    let gateway = start_with(&lines(40), 10).await;
    let counted = |count: usize, stated: usize| format!("{}{{\"identities\":{stated}}}\n", lines(count));
    assert!(matches!(write(&gateway, counted(3, 4)), Err(FilesError::Count { stated: 4, found: 3, .. })));
    assert_eq!(write(&gateway, counted(3, 3)).unwrap().deleted, 37, "the count is right");
    // later truncations are detected at any line
    for left in 0..=3 {
        assert!(matches!(write(&gateway, lines(left)), Err(FilesError::NoCount { .. })));
    }
    let error = write(&gateway, lines(2)).unwrap_err().to_string();
    assert!(error.ends_with("end it with the line {\"identities\":2}"), "{error}");
    assert_eq!(devices(&gateway).await, 3);
    assert_eq!(write(&gateway, "{\"identities\":0}").unwrap().deleted, 3);
    // the count must be the last line, and have no other field
    for wrong in
        ["{\"identities\":0}\n{\"id\":\"a\",\"status\":\"enabled\"}\n", "{\"identities\":0,\"id\":\"a\"}"]
    {
        assert!(matches!(write(&gateway, wrong), Err(FilesError::Line { .. })), "{wrong}");
    }
    gateway.end().await;
}

#[tokio::test]
async fn a_line_with_unusual_white_space_before_it_is_an_error() {
    let gateway = start_with(&lines(4), 10).await;
    for before in ["\u{c}", "\u{b}", "\u{a0}", "\u{2028}", "\u{feff}\u{feff}"] {
        for at in 0..4 {
            let mut lines: Vec<String> = lines(4).lines().map(ToOwned::to_owned).collect();
            lines[at].insert_str(0, before);
            let error = write(&gateway, lines.join("\n")).unwrap_err().to_string();
            let expected =
                format!("devices.jsonl: line {}: not the JSON object of an identity, at column 1", at + 1);
            assert!(error.ends_with(&expected), "{before:?} {error}");
        }
    }
    let marked = format!("\u{feff}\t{}", lines(5));
    assert_eq!(write(&gateway, marked).unwrap().set, 2, "the first line, which has changed, and the new one");
    assert_eq!(devices(&gateway).await, 5);
    gateway.end().await;
}

#[tokio::test]
async fn a_refused_line_is_counted_and_retried() {
    let module = "{\"id\":\"d0\",\"moduleId\":\"m\"}\n";
    let gateway = start_with(&lines(2), 10).await;
    assert_eq!(gateway.owner("DELETE /devices/d0", "If-Match: *\r\n", "").await.0, 204);
    for _ in 0..2 {
        let applied = write(&gateway, lines(2) + module).unwrap();
        assert_eq!((applied.set, applied.refused), (0, 1));
    }
    gateway.end().await;
}

#[tokio::test]
async fn etags_differ_after_a_restart() {
    let etags = async || {
        let gateway = start_with(&lines(1), 10).await;
        let (_, body) = gateway.owner("GET /devices/d0", "", "").await;
        gateway.end().await;
        serde_json::from_str::<serde_json::Value>(&body).unwrap()["etag"].clone()
    };
    assert_ne!(etags().await, etags().await);
}
