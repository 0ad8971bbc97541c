//! The syntax and the kinds of resources.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test")]

use hubward_core::{DeviceId, Identity, ModuleId, PolicyName, ResourcePath, ResourceProblem, Shape};

fn shape(raw: &str) -> String {
    match ResourcePath::parse(raw).unwrap().shape() {
        Shape::Device(id) => format!("device {id}"),
        Shape::Module(device, module) => format!("module {device} {module}"),
        Shape::Registration { scope, id } => format!("registration {scope} {id}"),
        other => format!("{other:?}"),
    }
}

fn problem(raw: &str) -> (usize, ResourceProblem) {
    let error = ResourcePath::parse(raw).unwrap_err();
    (error.offset, error.problem)
}

#[test]
fn all_forms_of_the_separator_are_equal() {
    for raw in ["h.net/devices/d1", "h.net%2Fdevices%2Fd1", "h.net%2fdevices/d1", "h.net%2F%64evices%2Fd%31"]
    {
        assert_eq!(shape(raw), "device d1", "{raw}");
    }
}

#[test]
fn every_kind_is_recognised() {
    assert_eq!(shape("h.net"), "Hub");
    assert_eq!(shape("localhost%3A8443"), "Hub");
    assert_eq!(shape("h.net/devices"), "AllDevices");
    assert_eq!(shape("h.net/devices/d/modules/%24edgeHub"), "module d $edgeHub");
    assert_eq!(shape("0ne00AB12CD%2Fregistrations%2Fa%3Ab.c_d-e"), "registration 0ne00AB12CD a:b.c_d-e");
    assert_eq!(shape("h.net/registrations/r"), "Other", "a host is no id scope");
    assert_eq!(shape("0ne/registrations/ends."), "Other");
}

#[test]
fn words_of_the_path_are_case_sensitive_and_whole() {
    for raw in [
        "h.net/foo/d",
        "h.net/Devices/d",
        "h.net/devices/d/foo/m",
        "h.net/devices/d/modules",
        "h.net/devices/a%22b",
    ] {
        assert_eq!(shape(raw), "Other", "{raw}");
    }
}

#[test]
fn an_id_is_decoded_once() {
    assert_eq!(shape("h.net/devices/n%2540m"), "device n%40m");
    assert_eq!(shape("h.net/devices/a%252Fb"), "device a%2Fb", "and makes no further name");
    assert_eq!(shape("h.net/devices/a+b"), "device a+b");
}

#[test]
fn errors_have_a_problem_and_an_offset() {
    assert_eq!(problem(""), (0, ResourceProblem::EmptySegment));
    assert_eq!(problem("h.net/"), (6, ResourceProblem::EmptySegment));
    assert_eq!(problem("h.net//devices"), (6, ResourceProblem::EmptySegment));
    assert_eq!(problem("h.net/devices/.."), (14, ResourceProblem::DotSegment));
    assert_eq!(problem("h.net/%2e/d"), (6, ResourceProblem::DotSegment));
    assert_eq!(problem("h.net/d%"), (7, ResourceProblem::Escape));
    assert_eq!(problem("h.net/d%0a"), (7, ResourceProblem::Escape));
    assert_eq!(problem("h.net/d%20e"), (7, ResourceProblem::Escape));
    assert_eq!(problem("h.net%252Fdevices%252Fd"), (0, ResourceProblem::Root));
    assert_eq!(problem("amqps%3A%2F%2Fh.net"), (0, ResourceProblem::Root));
    assert_eq!(problem("-h.net"), (0, ResourceProblem::Root));
    assert_eq!(problem("h.net:0x1"), (0, ResourceProblem::Root));
    assert_eq!(problem(&format!("h.net/{}", "x".repeat(129))), (6, ResourceProblem::TooLong));
    assert_eq!(problem(&format!("h.net{}", "/x".repeat(16))), (36, ResourceProblem::TooLong));
    assert_eq!(problem(&"x".repeat(3000)), (0, ResourceProblem::Root));
    let long = format!("h.net{}", format!("/{}", "%41".repeat(128)).repeat(15));
    assert_eq!(problem(&long), (2048, ResourceProblem::TooLong));
}

#[test]
fn covers_identity_agrees_with_covers() {
    let device = DeviceId::parse("d").unwrap();
    let module = ModuleId::parse("m").unwrap();
    for (identity, path) in [
        (Identity::Device(device), "h.net/devices/d"),
        (Identity::Module(device, module), "h.net/devices/d/modules/m"),
    ] {
        let path = ResourcePath::parse(path).unwrap();
        for resource in [
            "h.net",
            "h.net%2Fdevices",
            "h.net/%64evices/%64",
            "h.net/devices/d",
            "h.net/devices/D",
            "h.net/devices/d0",
            "h.net/devices/%2564",
            "h.net/devices/d/modules",
            "h.net/devices/d/modules/m",
            "h.net/devices/d/modules/m/x",
            "h.net/devices/d/modules/n",
            "h.net/devices/m",
            "h.net/Devices",
            "h.net/registrations/d",
            "h.net/twins/d",
        ] {
            let resource = ResourcePath::parse(resource).unwrap();
            assert_eq!(resource.covers_identity(&identity), resource.covers(&path), "{resource}: {identity}");
        }
    }
    let policy = Identity::Policy(PolicyName::parse("service").unwrap());
    assert!(!ResourcePath::parse("h.net").unwrap().covers_identity(&policy));
}

#[test]
fn a_resource_covers_whole_segments_only() {
    let covers = |a: &str, b: &str| ResourcePath::parse(a).unwrap().covers(&ResourcePath::parse(b).unwrap());
    assert!(covers("h.net", "H.NET/devices/d"));
    assert!(covers("h.net%2Fdevices", "h.net/devices/d"));
    assert!(covers("h.net/devices/d%31", "h.net/devices/d1"));
    assert!(!covers("h.net/devices/dev1", "h.net/devices/dev10"));
    assert!(!covers("h.net/devices/d", "h.net/devices/D"));
    assert!(!covers("h.net/devices/d", "h.net/devices"));
    assert!(!covers("contoso", "contoso-2"));
    assert!(!covers("h.net", "h.net.evil"));
}
