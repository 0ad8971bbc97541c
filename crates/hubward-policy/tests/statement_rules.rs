//! The rules of statements, one by one: variables, paths, and what a set is refused for.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use hubward_core::{DeviceId, Identity, ModuleId, PolicyName};
use hubward_policy::Operation;
use hubward_policy::statements::{Act, Action, Refusal, Statement, Statements, Verdict};

#[test]
fn a_value_is_never_a_wildcard_and_never_a_variable() {
    let own = Statement::allow()
        .identity("{{iot:identity}}")
        .action(Action::MqttPublish)
        .action(Action::MqttSubscribe)
        .resource("fleet/{{iot:device_id}}/#");
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
        let verdict = rules.evaluate(&Act::new(identity, Some(id), &operation));
        assert_eq!(verdict.is_allow(), allowed, "{id}: {operation}: {verdict}");
    }
}

#[test]
fn paths_are_compared_decoded_once() {
    let get = Statement::allow().policy("ops").action(Action::HttpGet).resource("devices/a+#b/+");
    let refused = Statements::compile(&[get]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "statement 0, resource 0: a wildcard must be a whole level, and `#` the last"
    );

    let get = Statement::allow().policy("ops").action(Action::HttpGet).resource("devices/a%b/+");
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
        let verdict = rules.evaluate(&Act::new(ops, None, &Operation::http("GET", path)));
        assert_eq!(verdict.is_allow(), allowed, "{path}: {verdict}");
    }

    let named = Statement::allow().identity("{{iot:identity}}").action(Action::HttpGet);
    let rules =
        Statements::compile(&[named.resource("x/{{iot:device_id}}-{{iot:device_id}}.d/{{iot:identity}}")]);
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
        let verdict = rules.evaluate(&Act::new(device, None, &Operation::http("GET", path)));
        assert_eq!(verdict.is_allow(), allowed, "{path}: {verdict}");
    }
    let verdict = rules.evaluate(&Act::new(ops, None, &Operation::http("TRACE", "/devices/a%25b/x")));
    assert_eq!(verdict, Verdict::Deny(Refusal::Malformed));
}

#[test]
fn a_set_is_refused_whole() {
    let sound = || Statement::allow().identity("a").action(Action::MqttPublish).resource("x");
    for (statement, text) in [
        (Statement::allow(), "statement 1, operation 0: nothing there"),
        (sound().identity("a b"), "statement 1, identity 1: not a name of that kind"),
        (sound().identity("a/b/c"), "statement 1, identity 1: not a name of that kind"),
        (sound().identity("{{iot:hub}}"), "statement 1, identity 1: unknown variable"),
        (
            sound().identity("+/{{iot:module_id}}"),
            "statement 1, identity 1: a wildcard must be a whole level, and `#` the last",
        ),
        (sound().policy("a b"), "statement 1, policy 0: not a name of that kind"),
        (sound().resource(""), "statement 1, resource 1: nothing there"),
        (
            sound().resource("a/#/b"),
            "statement 1, resource 1: a wildcard must be a whole level, and `#` the last",
        ),
        (
            sound().resource("a+"),
            "statement 1, resource 1: a wildcard must be a whole level, and `#` the last",
        ),
        (sound().resource("{{iot:device_id"), "statement 1, resource 1: unknown variable"),
        (sound().resource("iot:device_id}}"), "statement 1, resource 1: unknown variable"),
        (sound().resource("{{ iot:device_id }}"), "statement 1, resource 1: unknown variable"),
        (
            sound().resource("x-{{mqtt:client_id}}"),
            "statement 1, resource 1: this variable must be a whole level",
        ),
        (sound().resource("a\u{0}"), "statement 1, resource 1: control character"),
        (sound().resource(&"x".repeat(1025)), "statement 1, resource 1: too many or too long"),
        (
            sound().action(Action::HttpGet).resource("/x"),
            "statement 1, resource 1: a path is written without its first slash",
        ),
        (
            Statement::deny().identity("a").action(Action::MqttSubscribe),
            "statement 1, resource 0: nothing there",
        ),
    ] {
        assert_eq!(Statements::compile(&[sound(), statement]).unwrap_err().to_string(), text);
    }
    let connect = Statement::allow().identity("{{mqtt:client_id}}").action(Action::MqttConnect);
    let rules = Statements::compile(&[connect]).unwrap();
    let identity = Identity::Module(DeviceId::parse("d").unwrap(), ModuleId::parse("m").unwrap());
    let connect = Operation::mqtt_connect();
    assert!(rules.evaluate(&Act::new(identity, Some("d/m"), &connect)).is_allow());
    assert!(!rules.evaluate(&Act::new(identity, Some("d/n"), &connect)).is_allow());
    assert!(!rules.evaluate(&Act::new(identity, None, &connect)).is_allow());
}

#[test]
fn a_variable_without_a_value_matches_nothing() {
    let device = Identity::Device(DeviceId::parse("d").unwrap());
    let ops = Identity::Policy(PolicyName::parse("ops").unwrap());
    let all = || Statement::allow().identity("d").policy("ops").action(Action::MqttPublish).resource("#");
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
        let deny = Statement::deny().identity("d").policy("ops").action(Action::MqttPublish);
        let rules = Statements::compile(&[all(), deny.resource(&format!("{variable}/#"))]).unwrap();
        let act = Act::new(identity, client, &Operation::mqtt_publish("d/x"));
        assert_eq!(!rules.evaluate(&act).is_allow(), denied, "{identity}, {client:?}: {variable}");
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
        let rules = Statement::allow().policy("ops").action(action).resource("a/b");
        let rules = Statements::compile(&[rules]).unwrap();
        let ops = Identity::Policy(PolicyName::parse("ops").unwrap());
        assert!(rules.evaluate(&Act::new(ops, None, &operation)).is_allow(), "{name}");
        let other = if name == "mqtt:publish" {
            Operation::mqtt_subscribe("a/b")
        } else {
            Operation::mqtt_publish("a/b")
        };
        assert_eq!(
            rules.evaluate(&Act::new(ops, None, &other)),
            Verdict::Deny(Refusal::NoStatement),
            "{name}"
        );
    }
    for name in ["", "mqtt", "MQTT:publish", "http:GET", "http:trace", "mqtt:publish "] {
        assert!(name.parse::<Action>().is_err(), "{name}");
    }
}

#[test]
fn nor_does_it_allow_anything() {
    let device = Identity::Device(DeviceId::parse("d").unwrap());
    for variable in ["{{mqtt:client_id}}", "{{iot:module_id}}", "x{{iot:module_id}}", "{{iot:module_id}}x"] {
        let allow = Statement::allow().identity("d").action(Action::HttpGet).action(Action::MqttPublish);
        let rules = Statements::compile(&[allow.resource(variable)]).unwrap();
        for operation in [
            Operation::http("GET", "/x"),
            Operation::http("GET", "/%78"),
            Operation::http("GET", "/%64"),
            Operation::mqtt_publish("x"),
            Operation::mqtt_publish(variable),
        ] {
            assert!(
                !rules.evaluate(&Act::new(device, None, &operation)).is_allow(),
                "{variable}: {operation}"
            );
        }
    }
}
