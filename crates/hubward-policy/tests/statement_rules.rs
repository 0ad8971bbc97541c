//! The rules of statements one by one: variables, paths, and the reasons to refuse a set.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_core::{DeviceId, Identity, ModuleId, PolicyName};
use hubward_policy::Operation;
use hubward_policy::statements::{
    Action, Statement, StatementDenial, StatementRequest, StatementVerdict, Statements,
};

#[test]
fn the_value_of_a_variable_is_text() {
    let own = Statement::allow()
        .with_identity("{{iot:identity}}")
        .with_action(Action::MqttPublish)
        .with_action(Action::MqttSubscribe)
        .with_resource("fleet/{{iot:device_id}}/#");
    let rules = Statements::compile(&[own]).unwrap();
    for (id, operation, allowed) in [
        ("dev1", Operation::mqtt_subscribe("fleet/dev1/#"), true),
        ("dev1", Operation::mqtt_subscribe("fleet/dev1/+/x"), true),
        ("dev1", Operation::mqtt_subscribe("fleet/+/#"), false),
        ("dev1", Operation::mqtt_subscribe("fleet/#"), false),
        ("+", Operation::mqtt_subscribe("fleet/+/#"), false),
        ("#", Operation::mqtt_subscribe("fleet/#"), false),
        ("+", Operation::mqtt_publish("fleet/other/x"), false),
        ("#", Operation::mqtt_publish("fleet/other"), false),
        ("a+b", Operation::mqtt_publish("fleet/a+b/x"), true),
        ("a+b", Operation::mqtt_publish("fleet/axb/x"), false),
        ("dev1", Operation::mqtt_publish("fleet/dev10/x"), false),
        ("dev1", Operation::mqtt_subscribe("$share/g/fleet/dev1/#"), false),
    ] {
        let identity = Identity::Device(DeviceId::parse(id).unwrap());
        let verdict = rules.evaluate(&StatementRequest::new(identity, Some(id), &operation));
        assert_eq!(verdict.is_allow(), allowed, "{id}: {operation}: {verdict}");
    }
}

#[test]
fn paths_are_compared_decoded_once() {
    let get =
        Statement::allow().with_policy("ops").with_action(Action::HttpGet).with_resource("devices/a+#b/+");
    let refused = Statements::compile(&[get]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "statement 0, resource 0: a wildcard must be a whole level, and `#` the last"
    );

    let get =
        Statement::allow().with_policy("ops").with_action(Action::HttpGet).with_resource("devices/a%b/+");
    let rules = Statements::compile(&[get]).unwrap();
    let ops = Identity::Policy(PolicyName::parse("ops").unwrap());
    for (path, allowed) in [
        ("/devices/a%25b/modules?x=1", true),
        ("/devices/a%b/modules", false),
        ("/devices/a%25b/%2e%2e", false),
        ("/devices/a%25b/x%2Fy", false),
        ("/devices/a%25c/modules", false),
        ("/devices/a%25bb/modules", false),
        ("/devices/a%25/modules", false),
        ("/devices/%61%25%62/modules", true),
        ("/devices/a%25b//", false),
        ("/devices/a%25b", false),
    ] {
        let verdict = rules.evaluate(&StatementRequest::new(ops, None, &Operation::http("GET", path)));
        assert_eq!(verdict.is_allow(), allowed, "{path}: {verdict}");
    }

    let named = Statement::allow().with_identity("{{iot:identity}}").with_action(Action::HttpGet);
    let rules = Statements::compile(&[
        named.with_resource("x/{{iot:device_id}}-{{iot:device_id}}.d/{{iot:identity}}")
    ]);
    let rules = rules.unwrap();
    let device = Identity::Device(DeviceId::parse("a#").unwrap());
    for (path, allowed) in [
        ("/x/a%23-a%23.d/a%23", true),
        ("/x/a%23-a%23.d/a%2523", false),
        ("/x/a%23-b%23.d/a%23", false),
        ("/x/b%23-a%23.d/a%23", false),
        ("/x/a%23-a%23.dd/a%23", false),
        ("/x/a%23-a%23.d/b%23", false),
    ] {
        let verdict = rules.evaluate(&StatementRequest::new(device, None, &Operation::http("GET", path)));
        assert_eq!(verdict.is_allow(), allowed, "{path}: {verdict}");
    }
    let verdict =
        rules.evaluate(&StatementRequest::new(ops, None, &Operation::http("TRACE", "/devices/a%25b/x")));
    assert_eq!(verdict, StatementVerdict::Deny(StatementDenial::Malformed));
}

#[test]
fn an_invalid_entry_refuses_the_set() {
    let valid = || Statement::allow().with_identity("a").with_action(Action::MqttPublish).with_resource("x");
    for (statement, text) in [
        (Statement::allow(), "statement 1, operation 0: must not be empty"),
        (valid().with_identity("a b"), "statement 1, identity 1: not a valid name"),
        (valid().with_identity("a/b/c"), "statement 1, identity 1: not a valid name"),
        (valid().with_identity("{{iot:hub}}"), "statement 1, identity 1: unknown variable"),
        (valid().with_identity(""), "statement 1, identity 1: must not be empty"),
        (valid().with_identity("a/"), "statement 1, identity 1: must not be empty"),
        // no identity matches these, and a deny among them would have no effect
        (valid().with_identity("{{iot:module_id}}"), "statement 1, identity 1: not a valid name"),
        (valid().with_identity("x{{iot:device_id}}"), "statement 1, identity 1: not a valid name"),
        (valid().with_identity("a/{{iot:device_id}}"), "statement 1, identity 1: not a valid name"),
        (valid().with_identity("{{iot:identity}}/m"), "statement 1, identity 1: not a valid name"),
        (valid().with_policy("a b"), "statement 1, policy 0: not a valid name"),
        (valid().with_resource(""), "statement 1, resource 1: must not be empty"),
        (
            valid().with_resource("a/#/b"),
            "statement 1, resource 1: a wildcard must be a whole level, and `#` the last",
        ),
        (
            valid().with_resource("a+"),
            "statement 1, resource 1: a wildcard must be a whole level, and `#` the last",
        ),
        (valid().with_resource("{{iot:device_id"), "statement 1, resource 1: unknown variable"),
        (valid().with_resource("iot:device_id}}"), "statement 1, resource 1: unknown variable"),
        (valid().with_resource("{{ iot:device_id }}"), "statement 1, resource 1: unknown variable"),
        (
            valid().with_resource("x-{{mqtt:client_id}}"),
            "statement 1, resource 1: this variable must be a whole level",
        ),
        (valid().with_resource("a\u{0}"), "statement 1, resource 1: control character"),
        (valid().with_resource(&"x".repeat(1025)), "statement 1, resource 1: too many or too long"),
        // no resource matches these
        (
            valid().with_resource("x/{{iot:module_id}}"),
            "statement 1, resource 1: this variable has no value for any identity of the statement",
        ),
        (
            valid().with_identity("{{iot:device_id}}").with_resource("{{iot:module_id}}-x"),
            "statement 1, resource 1: this variable has no value for any identity of the statement",
        ),
        (
            Statement::deny()
                .with_policy("ops")
                .with_action(Action::HttpGet)
                .with_resource("{{iot:identity}}"),
            "statement 1, resource 0: this variable has no value for any identity of the statement",
        ),
        (
            Statement::deny()
                .with_policy("ops")
                .with_action(Action::HttpGet)
                .with_resource("x-{{iot:device_id}}"),
            "statement 1, resource 0: this variable has no value for any identity of the statement",
        ),
        (
            valid().with_resource("${{iot:device_id}}/a"),
            "statement 1, resource 1: a first level that begins with `$` must not have a variable",
        ),
        (
            Statement::allow().with_identity("a").with_action(Action::MqttConnect).with_resource("a"),
            "statement 1, resource 0: `mqtt:connect` has no resource and needs a statement of its own",
        ),
        (
            valid().with_action(Action::MqttConnect),
            "statement 1, resource 0: `mqtt:connect` has no resource and needs a statement of its own",
        ),
        (
            Statement::deny().with_identity("a").with_action(Action::MqttSubscribe),
            "statement 1, resource 0: must not be empty",
        ),
    ] {
        assert_eq!(Statements::compile(&[valid(), statement]).unwrap_err().to_string(), text);
    }
    for path in ["/x", "x/", "x//y", "../x", "x/.", "x\\y", "a b", "\u{e9}"] {
        let refused =
            Statements::compile(&[valid().with_action(Action::HttpGet).with_resource(path)]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "statement 0, resource 1: a path must be visible ASCII without a first slash, empty names and path steps"
        );
    }
    let connect = Statement::allow().with_identity("{{mqtt:client_id}}").with_action(Action::MqttConnect);
    let rules = Statements::compile(&[connect]).unwrap();
    let identity = Identity::Module(DeviceId::parse("d").unwrap(), ModuleId::parse("m").unwrap());
    let connect = Operation::mqtt_connect();
    assert!(rules.evaluate(&StatementRequest::new(identity, Some("d/m"), &connect)).is_allow());
    assert!(!rules.evaluate(&StatementRequest::new(identity, Some("d/n"), &connect)).is_allow());
    assert!(!rules.evaluate(&StatementRequest::new(identity, None, &connect)).is_allow());
}

#[test]
fn a_variable_without_a_value_denies_nothing() {
    let device = Identity::Device(DeviceId::parse("d").unwrap());
    let ops = Identity::Policy(PolicyName::parse("ops").unwrap());
    let all = || {
        Statement::allow()
            .with_identity("d")
            .with_policy("ops")
            .with_action(Action::MqttPublish)
            .with_resource("#")
    };
    for (identity, client, variable, denied) in [
        (device, None, "{{mqtt:client_id}}", false),
        (device, Some(""), "{{mqtt:client_id}}", false),
        (device, Some("d/m"), "{{mqtt:client_id}}", false),
        (device, Some("d"), "{{mqtt:client_id}}", true),
        (device, None, "{{iot:identity}}", true),
        (device, None, "{{iot:module_id}}", false),
        (device, None, "x{{iot:module_id}}", false),
        (ops, None, "{{iot:identity}}", false),
        (ops, None, "{{iot:device_id}}", false),
    ] {
        let deny = Statement::deny()
            .with_identity("d")
            .with_identity("d/m")
            .with_policy("ops")
            .with_action(Action::MqttPublish);
        let rules = Statements::compile(&[all(), deny.with_resource(&format!("{variable}/#"))]).unwrap();
        let request = StatementRequest::new(identity, client, &Operation::mqtt_publish("d/x"));
        assert_eq!(!rules.evaluate(&request).is_allow(), denied, "{identity}, {client:?}: {variable}");
    }
}

#[test]
fn an_operation_has_one_name() {
    for (name, operation) in [
        ("mqtt:connect", Operation::mqtt_connect()),
        ("mqtt:publish", Operation::mqtt_publish("a/b")),
        ("mqtt:subscribe", Operation::mqtt_subscribe("a/b")),
        ("amqp:send", Operation::amqp_send("/a/b")),
        ("amqp:receive", Operation::amqp_receive("a/b")),
        ("http:get", Operation::http("GET", "/a/b")),
        ("http:put", Operation::http("PUT", "/a/b")),
        ("http:post", Operation::http("POST", "/a/b")),
        ("http:patch", Operation::http("PATCH", "/a/b")),
        ("http:delete", Operation::http("DELETE", "/a/b")),
    ] {
        let action: Action = name.parse().unwrap();
        assert_eq!(action.to_string(), name);
        let mut rules = Statement::allow().with_policy("ops").with_action(action);
        if action != Action::MqttConnect {
            rules = rules.with_resource("a/b");
        }
        let rules = Statements::compile(&[rules]).unwrap();
        let ops = Identity::Policy(PolicyName::parse("ops").unwrap());
        assert!(rules.evaluate(&StatementRequest::new(ops, None, &operation)).is_allow(), "{name}");
        let other = if name == "mqtt:publish" {
            Operation::mqtt_subscribe("a/b")
        } else {
            Operation::mqtt_publish("a/b")
        };
        assert_eq!(
            rules.evaluate(&StatementRequest::new(ops, None, &other)),
            StatementVerdict::Deny(StatementDenial::NoStatement),
            "{name}"
        );
    }
    for name in ["", "mqtt", "MQTT:publish", "http:GET", "http:trace", "mqtt:publish "] {
        assert!(name.parse::<Action>().is_err(), "{name}");
    }
}

#[test]
fn a_variable_without_a_value_allows_nothing() {
    let device = Identity::Device(DeviceId::parse("d").unwrap());
    for variable in ["{{mqtt:client_id}}", "{{iot:module_id}}", "x{{iot:module_id}}", "{{iot:module_id}}x"] {
        let allow = Statement::allow()
            .with_identity("d")
            .with_identity("d/m")
            .with_action(Action::HttpGet)
            .with_action(Action::MqttPublish);
        let rules = Statements::compile(&[allow.with_resource(variable)]).unwrap();
        for operation in [
            Operation::http("GET", "/x"),
            Operation::http("GET", "/%78"),
            Operation::http("GET", "/%64"),
            Operation::mqtt_publish("x"),
            Operation::mqtt_publish(variable),
        ] {
            assert!(
                !rules.evaluate(&StatementRequest::new(device, None, &operation)).is_allow(),
                "{variable}: {operation}"
            );
        }
    }
}

/// A broker's own topics begin with `$` (MQTT 3.1.1, 4.7.2). An id may too, and does not give access to them.
#[test]
fn only_text_covers_the_own_topics_of_a_broker() {
    let publish = |resource: &str| {
        Statement::allow()
            .with_identity("{{iot:identity}}")
            .with_action(Action::MqttPublish)
            .with_action(Action::MqttSubscribe)
            .with_resource(resource)
    };
    let id = |name| Identity::Device(DeviceId::parse(name).unwrap());
    for (resource, name, topic, allowed) in [
        ("{{iot:device_id}}/#", "$iothub", "$iothub/twin/GET/", false),
        ("{{iot:identity}}/#", "$iothub", "$iothub/twin/GET/", false),
        ("{{mqtt:client_id}}/#", "$iothub", "$iothub/twin/GET/", false),
        ("{{iot:device_id}}{{iot:device_id}}/#", "$a", "$a$a/x", false),
        ("{{iot:device_id}}", "$SYS", "$SYS", false),
        ("+/#", "d", "$SYS/x", false),
        ("#", "d", "$SYS/x", false),
        ("x/{{iot:device_id}}/#", "$iothub", "x/$iothub/a", true),
        ("$iothub/#", "d", "$iothub/twin", true),
        ("$iothub/{{iot:device_id}}/#", "$d", "$iothub/$d/twin", true),
        ("{{iot:device_id}}/#", "d$", "d$/twin", true),
    ] {
        let rules = Statements::compile(&[publish(resource)]).unwrap();
        for operation in [Operation::mqtt_publish(topic), Operation::mqtt_subscribe(topic)] {
            let request = StatementRequest::new(id(name), Some(name), &operation);
            assert_eq!(rules.evaluate(&request).is_allow(), allowed, "{resource}: {name}: {operation}");
        }
    }
    // a deny overlaps with them
    for resource in ["#", "+/#", "{{iot:device_id}}/#"] {
        let deny =
            Statement::deny().with_identity("$s").with_action(Action::MqttPublish).with_resource(resource);
        let rules = Statements::compile(&[publish("$s/#"), deny]).unwrap();
        let request = StatementRequest::new(id("$s"), None, &Operation::mqtt_publish("$s/x"));
        assert_eq!(
            rules.evaluate(&request),
            StatementVerdict::Deny(StatementDenial::Statement(1)),
            "{resource}"
        );
    }
    // in a path, `$` has no meaning
    let get = Statement::allow().with_identity("{{iot:identity}}").with_action(Action::HttpGet);
    let rules = Statements::compile(&[get.with_resource("{{iot:device_id}}/x")]).unwrap();
    assert!(
        rules.evaluate(&StatementRequest::new(id("$d"), None, &Operation::http("GET", "/%24d/x"))).is_allow()
    );
}

#[test]
fn a_variable_selects_identities() {
    let device = |id| Identity::Device(DeviceId::parse(id).unwrap());
    let module =
        |id, module| Identity::Module(DeviceId::parse(id).unwrap(), ModuleId::parse(module).unwrap());
    let all =
        [device("d"), device("e"), module("d", "m"), module("d", "n"), module("e", "m"), module("d", "d")];
    for (identity, expected) in [
        ("{{iot:identity}}", "d e d/m d/n e/m d/d"),
        ("{{iot:device_id}}", "d e"),
        ("{{iot:device_id}}/{{iot:module_id}}", "d/m d/n e/m d/d"),
        ("{{iot:device_id}}/m", "d/m e/m"),
        ("d/{{iot:module_id}}", "d/m d/n d/d"),
        ("d", "d"),
        ("d/m", "d/m"),
        // each has the client id `d`, which is the name of one
        ("{{mqtt:client_id}}", "d"),
    ] {
        let allow = Statement::allow().with_identity(identity).with_action(Action::MqttConnect);
        let rules = Statements::compile(&[allow]).unwrap();
        let found: Vec<_> = all
            .iter()
            .filter(|own| {
                rules
                    .evaluate(&StatementRequest::new(**own, Some("d"), &Operation::mqtt_connect()))
                    .is_allow()
            })
            .map(|own| match own {
                Identity::Module(device, module) => format!("{device}/{module}"),
                own => own.device().unwrap().to_string(),
            })
            .collect();
        assert_eq!(found.join(" "), expected, "{identity}");
    }
}

#[test]
fn the_size_of_a_set_is_limited() {
    let rule = |resource: &str| {
        Statement::allow()
            .with_identity("{{iot:identity}}")
            .with_action(Action::MqttPublish)
            .with_resource(resource)
    };
    let text = |rules: &[Statement]| Statements::compile(rules).err().map(|error| error.to_string());
    // 2 levels of the identity and 14 of the resource, 4,096 times
    assert_eq!(text(&vec![rule(&["a"; 14].join("/")); 4096]), None);
    assert_eq!(
        text(&vec![rule(&["a"; 15].join("/")); 4096]).unwrap(),
        "statement 3855, identity 0: too many or too long"
    );
    assert_eq!(text(&vec![rule("a"); 4097]).unwrap(), "statement 4096, identity 0: too many or too long");
    assert_eq!(
        text(&vec![rule(&"a".repeat(1000)); 4096]).unwrap(),
        "statement 1032, resource 0: too many or too long"
    );
    let mut many = rule("a");
    for _ in 0..256 {
        many = many.with_resource("a");
    }
    assert_eq!(text(&[many]).unwrap(), "statement 0, resource 256: too many or too long");
}
