//! Any request: no panic, and Shared Key signs the text that a simple model joins.
#![no_main]

use hubward_cloud::cosmos::{Request as CosmosRequest, Verb};
use hubward_cloud::storage::Service;
use hubward_cloud::storage::shared_key::{Authorization, Request, Scheme};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Authorization::parse(text);
    let _ = CosmosRequest::from_path(Verb::Get, text).map(|request| request.string_to_sign().to_string());
    // the first line is the target, each other one a header
    let mut lines = text.split('\n');
    let target = lines.next().unwrap_or_default();
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let Ok(request) = Request::new(Service::Blob, "GET", target, &headers) else { return };
    let signed = request.string_to_sign("acct1", Scheme::SharedKey).to_string();

    let trim = |text: &str| text.trim_matches([' ', '\t']).to_owned();
    let mut ms: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("x-ms-")))
        .map(|(name, value)| format!("{}:{}", trim(name).to_ascii_lowercase(), trim(value)))
        .collect();
    let lines: Vec<&str> = signed.split('\n').collect();
    assert_eq!(lines[0], "GET");
    // the headers are there, in an order; the model does not know the language's
    let mut own: Vec<String> = lines[12..12 + ms.len()].iter().map(|line| (*line).to_owned()).collect();
    own.sort();
    ms.sort();
    assert_eq!(own, ms);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    assert_eq!(lines[12 + ms.len()], format!("/acct1{path}"));

    let mut parameters: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|field| !field.is_empty())
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| (decode(name).to_ascii_lowercase(), decode(value)))
        .collect();
    parameters.sort();
    let mut expected: Vec<Vec<u8>> = Vec::new();
    let mut last = None;
    for (name, value) in parameters {
        if last.as_ref() == Some(&name) {
            let line = expected.last_mut().unwrap();
            line.push(b',');
            line.extend(value);
        } else {
            expected.push([&*name, b":", &*value].concat());
        }
        last = Some(name);
    }
    let own: Vec<Vec<u8>> = lines[13 + ms.len()..].iter().map(|line| line.as_bytes().to_vec()).collect();
    assert_eq!(own, expected);
});

fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
        } else {
            byte
        });
    }
    bytes
}
