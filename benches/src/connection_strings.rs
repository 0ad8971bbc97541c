//! Connection strings of each kind: the text to borrowed, checked parts.

use std::hint::black_box;

use hubward_connection_string::{ConnectionString, Device, ParseOptions};

use crate::case::Case;

pub const DEVICE: &str = "HostName=myhub.azure-devices.net;DeviceId=device-0001;SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const SERVICE: &str = "HostName=myhub.azure-devices.net;SharedAccessKeyName=iothubowner;SharedAccessKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
pub const STORAGE: &str = "DefaultEndpointsProtocol=https;AccountName=contosoacct;AccountKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg==;EndpointSuffix=core.windows.net";

pub fn cases() -> Vec<Case<'static>> {
    let any = |name, text: &'static str| {
        Case::new(name, move || {
            let _ = black_box(ConnectionString::parse(black_box(text), &ParseOptions::STRICT)).unwrap();
        })
    };
    vec![
        Case::new("device string", || {
            let _ = black_box(Device::parse(black_box(DEVICE), &ParseOptions::STRICT)).unwrap();
        }),
        any("any kind, a device's", DEVICE),
        any("any kind, a service's", SERVICE),
        any("any kind, a storage account's", STORAGE),
        Case::new("naive map of strings", || {
            let fields: std::collections::HashMap<String, String> = black_box(DEVICE)
                .split(';')
                .filter_map(|field| field.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert!(black_box(fields).contains_key("DeviceId"));
        }),
    ]
}
