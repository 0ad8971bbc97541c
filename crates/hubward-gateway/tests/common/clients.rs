//! The devices of a fleet, and the writers who change their records.

use core::time::Duration;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hubward::Client;
use hubward::types::DeviceId;
use serde_json::{Value, json};

use crate::common::client::{answer, ask, connack, connect, dial};
use crate::common::{at, host, key, now};
use crate::fleet::{Dice, Fleet, program};
use crate::history::{Acknowledged, Session, Way};
use crate::nodes::SECONDARY;
use crate::postgres::psql;

/// Connects a device again and again, to any gateway, and keeps each connection for a while. Sometimes it has the key that was
/// replaced last.
pub async fn connect_again(fleet: Arc<Fleet>, number: usize, rival: usize) {
    let id = format!("d{number}");
    let client = Client::device(host(), DeviceId::parse(&id).unwrap());
    let mut dice = Dice(31 + 7 * u64::try_from(number + 100 * rival).unwrap());
    while !fleet.stopped() {
        let node = usize::try_from(dice.roll(3)).unwrap();
        let (etag, base64) = {
            let seen = fleet.seen.lock().unwrap();
            let keys = &seen.keys[&id];
            keys[keys.len() - if dice.roll(8) == 0 { keys.len().min(2) } else { 1 }].clone()
        };
        // valid by a clock that is 20 minutes ahead
        let token = client.token(at(now() + 4 * 3600)).sign(&key(&base64)).to_string();
        let packet = connect(&id, &format!("localhost/{id}/?api-version=2021-04-12"), Some(&token), None);
        let asked = fleet.now();
        let dialled = async {
            let address = ([127, 0, 0, 1], fleet.ports[node].0).into();
            let mut stream = dial(&fleet.tls, address).await.ok()?;
            (ask(&mut stream, &packet).await == connack(0)).then_some(stream)
        };
        let Some(mut stream) = tokio::time::timeout(Duration::from_secs(10), dialled).await.ok().flatten()
        else {
            fleet.seen.lock().unwrap().refused += 1;
            tokio::time::sleep(Duration::from_millis(100 + dice.roll(200))).await;
            continue;
        };
        let admitted = fleet.now();
        let most = Duration::from_millis(500 + dice.roll(15_000));
        let mut open = true;
        while open && !fleet.stopped() && fleet.now() < admitted + most {
            open = tokio::time::timeout(Duration::from_millis(100), answer(&mut stream)).await.is_err();
        }
        if open && fleet.stopped() {
            // the gateways have time to come back, and then an older rival is gone
            open = tokio::time::timeout(Duration::from_secs(8), answer(&mut stream)).await.is_err();
            if open {
                *fleet.seen.lock().unwrap().open.entry(id.clone()).or_default() += 1;
            }
        }
        let ended = fleet.now();
        let session = Session { id: id.clone(), etag, asked, admitted, ended, by_gateway: !open };
        fleet.seen.lock().unwrap().sessions.push(session);
    }
}

/// Disables, enables and rolls keys of any device, in one way, until the fleet stops.
pub async fn write(fleet: Arc<Fleet>, way: Way, seed: u64, devices: usize, pause: u64) {
    let mut dice = Dice(seed);
    while !fleet.stopped() {
        let id = format!("d{}", dice.roll(u64::try_from(devices).unwrap()));
        let enabled = dice.roll(3) != 0;
        let rolled = (way != Way::Sql && dice.roll(3) == 0).then(|| {
            let raw: Vec<u8> = (0..32).map(|_| u8::try_from(dice.roll(256)).unwrap()).collect();
            BASE64_STANDARD.encode(raw)
        });
        let etag = match way {
            Way::Sql => by_sql(&fleet, &id, enabled, dice.roll(10) == 0).await,
            Way::Https => {
                let node = usize::try_from(dice.roll(3)).unwrap();
                by_https(&fleet, node, &id, enabled, rolled.as_deref()).await
            }
            Way::Program => by_program(&fleet, &id, enabled, rolled.as_deref()).await,
        };
        {
            let mut seen = fleet.seen.lock().unwrap();
            match etag {
                Some(etag) => {
                    seen.keys.entry(id.clone()).or_default().extend(rolled.map(|key| (etag, key)));
                    seen.acknowledged.push(Acknowledged { way, id, etag });
                }
                None => seen.failed += 1,
            }
        }
        let pause = if etag.is_some() { pause / 2 + dice.roll(pause) } else { 200 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// Changes the status; `late` commits long after the change has its number.
async fn by_sql(fleet: &Fleet, id: &str, enabled: bool, late: bool) -> Option<u64> {
    let update = "UPDATE hubward.record SET enabled";
    let mut sql = format!("{update} = {enabled} WHERE kind = 0 AND name = '{id}' RETURNING etag");
    if late {
        sql = format!("BEGIN; {sql}; SELECT pg_sleep(0.05); COMMIT");
    }
    let port = fleet.proxies[3].port;
    let answer = tokio::task::spawn_blocking(move || psql(port, "hub", &sql)).await.unwrap()?;
    answer.lines().next()?.parse().ok()
}

async fn by_https(fleet: &Fleet, node: usize, id: &str, enabled: bool, key: Option<&str>) -> Option<u64> {
    let mut body = json!({ "status": if enabled { "enabled" } else { "disabled" } });
    if let Some(key) = key {
        let keys = json!({ "primaryKey": key, "secondaryKey": SECONDARY });
        body["authentication"] = json!({ "type": "sas", "symmetricKey": keys });
    }
    let request = format!("PUT /devices/{id}");
    let (status, answer) = fleet.http(node, &request, "If-Match: *\r\n", &body.to_string()).await;
    let record = (status == 200).then(|| serde_json::from_str::<Value>(&answer).unwrap())?;
    u64::from_str_radix(record["etag"].as_str()?, 16).ok()
}

/// Runs `hubward registry`. Its exit status is an acknowledgement only if its output has the etag.
async fn by_program(fleet: &Fleet, id: &str, enabled: bool, key: Option<&str>) -> Option<u64> {
    let mut command = Command::new(program("hubward"));
    let what = match (key, enabled) {
        (Some(_), _) => "rotate",
        (None, true) => "enable",
        (None, false) => "disable",
    };
    command.args(["registry", what, &format!("postgres://hub@127.0.0.1:{}/hub", fleet.proxies[3].port)]);
    command.args(["--device", id, "--registry-key-file"]).arg(fleet.folder.join("registry.key"));
    if let Some(key) = key {
        let file = fleet.folder.join("rolled.key");
        std::fs::write(&file, key).unwrap();
        command.args(["--slot", "primary", "--key-file"]).arg(file);
    }
    let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let etag = text.split_once("etag ")?.1.get(..16)?;
    done.status.success().then(|| u64::from_str_radix(etag, 16).ok())?
}
