//! Programs that change what runs elsewhere: clusters, clouds, code hosts.

use super::{Call, Judge, remote};
use crate::classify::name::{is_read, verbs};
use crate::classify::shell::Word;
use countersign_core::artifact::Risk;

/// Knows programs of clusters and clouds.
pub(super) fn judge(judge: &mut Judge<'_>, call: &Call<'_>) -> bool {
    match call.name {
        "kubectl" | "oc" | "k" | "k3s" => kubectl(judge, call),
        "terraform" | "tofu" | "terragrunt" | "pulumi" => terraform(judge, call),
        "helm" | "helmfile" | "argocd" | "flux" | "kustomize" => {
            by_words(judge, call, "checkpoint.deploy")
        }
        "aws" | "gcloud" | "az" | "doctl" | "flyctl" | "fly" | "heroku" | "vercel" | "netlify"
        | "firebase" | "wrangler" | "linode-cli" | "hcloud" | "oci" | "ibmcloud" | "railway"
        | "render" | "supabase" | "eksctl" | "cdk" | "sam" | "serverless" | "sls" | "ansible"
        | "ansible-playbook" | "nomad" | "consul" | "cap" | "fab" | "kops" | "packer" => {
            by_words(judge, call, "checkpoint.deploy")
        }
        "gh" | "glab" | "hub" => code_host(judge, call),
        "stripe" | "paypal" | "square" | "plaid" | "bitcoin-cli" | "lncli" | "lightning-cli"
        | "geth" | "solana" | "cast" | "near" => money(judge, call),
        "alembic" | "flyway" | "liquibase" | "knex" | "sequelize" | "prisma" | "dbmate"
        | "goose" | "sqlx" | "diesel" | "atlas" => {
            judge.report.find(
                call.raw,
                "it changes the shape of a database",
                "checkpoint.migration",
                Risk::High,
            );
            removals(judge, call);
        }
        _ => return false,
    }
    true
}

fn verb_at<'c>(call: &'c Call<'_>, index: usize) -> &'c str {
    call.args
        .iter()
        .filter(|word| !word.text.starts_with('-'))
        .nth(index)
        .map_or("", |word| word.text.as_str())
}

fn doubtful(call: &Call<'_>) -> bool {
    call.args.iter().any(Word::starts_unknown)
}

fn kubectl(judge: &mut Judge<'_>, call: &Call<'_>) {
    let (verb, second) = (verb_at(call, 0), verb_at(call, 1));
    let raised = [
        "role",
        "serviceaccount",
        "clusterrole",
        "user",
        "token",
        "csr",
        "certificatesigningrequest",
    ];
    if raised.iter().any(|word| second.starts_with(word)) && !matches!(verb, "get" | "describe")
        || verb == "auth"
        || verb == "certificate"
    {
        judge.report.find(call.raw, "it changes who may do what", "account_change", Risk::High);
    }
    match verb {
        _ if doubtful(call) => judge.report.unreadable(call.raw, "what it does is not known"),
        "get" | "describe" | "logs" | "top" | "explain" | "version" | "api-resources"
        | "cluster-info" | "diff" | "events" => {
            let secret = call.args.iter().any(|word| word.text.starts_with("secret"));
            let risk = if secret { Risk::High } else { Risk::Medium };
            judge.report.find(call.raw, "it asks a cluster", "http_request", risk);
        }
        "exec" | "run" | "debug" | "attach" => remote::after_dashes(judge, call),
        "delete" | "drain" | "evict" => {
            let all = call.args.iter().any(|word| {
                word.text.starts_with("--all")
                    || matches!(
                        word.text.as_str(),
                        "ns" | "namespace" | "namespaces" | "pv" | "pvc" | "crd"
                    )
            });
            judge.report.find(
                call.raw,
                "it removes what a cluster runs",
                "delete",
                if all { Risk::Critical } else { Risk::High },
            );
        }
        "cp" | "port-forward" | "proxy" => judge.report.find(
            call.raw,
            "it moves data in or out of a cluster",
            "data_export",
            Risk::High,
        ),
        _ => judge.report.find(
            call.raw,
            "it changes what a cluster runs",
            "checkpoint.deploy",
            Risk::High,
        ),
    }
    if call
        .args
        .iter()
        .any(|word| word.text.starts_with("--prune") || word.text.starts_with("--force"))
    {
        judge.report.find(call.raw, "it removes what a cluster runs", "delete", Risk::High);
    }
}

fn terraform(judge: &mut Judge<'_>, call: &Call<'_>) {
    let destroys = call.args.iter().any(|word| {
        matches!(
            word.text.trim_start_matches('-').split('=').next(),
            Some("destroy" | "down" | "rm" | "taint" | "force-unlock")
        )
    });
    if destroys || doubtful(call) {
        judge.report.find(call.raw, "it destroys what it has built", "delete", Risk::Critical);
        return;
    }
    match verb_at(call, 0) {
        "fmt" | "validate" | "version" | "show" | "output" | "graph" | "providers" => {
            judge.report.find(call.raw, "it reads what is built", "file_read", Risk::Medium)
        }
        "plan" | "init" | "preview" | "get" => {
            judge.report.find(call.raw, "it works out what to build", "shell_exec", Risk::Medium)
        }
        _ => judge.report.find(
            call.raw,
            "it builds or changes what runs",
            "checkpoint.deploy",
            Risk::High,
        ),
    }
}

/// What the words of a program of many words speak of.
fn by_words(judge: &mut Judge<'_>, call: &Call<'_>, otherwise: &'static str) {
    let words: Vec<&str> = call
        .args
        .iter()
        .filter(|word| !word.text.starts_with('-'))
        .take(4)
        .map(|word| word.text.as_str())
        .collect();
    let mut known = false;
    for word in &words {
        for (verb, risk) in
            verbs(word).into_iter().filter(|(verb, _)| !matches!(*verb, "file_read" | "file_write"))
        {
            known = true;
            judge.report.find(call.raw, "a word of it speaks of this", verb, risk);
        }
    }
    let rights = [
        "iam",
        "sts",
        "organizations",
        "cognito",
        "login",
        "logout",
        "auth",
        "configure",
        "policies",
        "policy",
        "identity",
        "ad",
        "role",
        "access",
        "projects",
        "secrets",
        "kms",
        "tokens",
        "add-iam-policy-binding",
        "sso",
        "account",
    ];
    if words.iter().take(3).any(|word| rights.contains(word))
        && !words.iter().any(|word| is_read(word))
    {
        known = true;
        judge.report.find(call.raw, "it changes who may do what", "account_change", Risk::High);
    }
    if words.first() == Some(&"s3")
        && words
            .get(1)
            .is_some_and(|verb| matches!(*verb, "cp" | "sync" | "mv" | "presign" | "website"))
        || words.contains(&"storage") && words.contains(&"cp")
    {
        known = true;
        judge.report.find(
            call.raw,
            "it moves data in or out of a cloud",
            "data_export",
            Risk::High,
        );
        if words.contains(&"mv") || call.args.iter().any(|word| word.text == "--delete") {
            judge.report.find(call.raw, "it deletes what it has moved", "delete", Risk::High);
        }
    }
    removals(judge, call);
    if doubtful(call) {
        judge.report.find(call.raw, "what it does is not known", "checkpoint.deploy", Risk::High);
    } else if !known && words.iter().any(|word| is_read(word)) {
        let secret = call.args.iter().any(|word| {
            word.text.contains("secret")
                || word.text.contains("password")
                || word.text.contains("token")
                || word.text.contains("decrypt")
        });
        judge.report.find(
            call.raw,
            "it asks a cloud",
            "http_request",
            if secret { Risk::High } else { Risk::Medium },
        );
    } else if !known {
        judge.report.find(call.raw, "it changes what runs elsewhere", otherwise, Risk::High);
    }
}

fn removals(judge: &mut Judge<'_>, call: &Call<'_>) {
    let gone = [
        "reset",
        "drop",
        "clean",
        "down",
        "downgrade",
        "uninstall",
        "rb",
        "rm",
        "terminate-instances",
        "purge",
        "destroy",
        "db:drop",
        "wipe",
        "drop-all",
        "dropall",
    ];
    if call.args.iter().any(|word| {
        gone.iter().any(|name| word.text == *name || word.text.ends_with(&format!(":{name}")))
    }) {
        judge.report.find(call.raw, "it removes what runs or is kept", "delete", Risk::Critical);
    }
}

fn code_host(judge: &mut Judge<'_>, call: &Call<'_>) {
    let (verb, second) = (verb_at(call, 0), verb_at(call, 1));
    let reads = matches!(second, "view" | "list" | "diff" | "checks" | "status" | "watch");
    let (why, verb, risk) = match (verb, second) {
        _ if doubtful(call) => ("what it does is not known", "http_request", Risk::High),
        ("auth" | "ssh-key" | "gpg-key" | "secret" | "variable" | "org", _) => {
            ("it changes who may do what, or shows secrets", "account_change", Risk::High)
        }
        (_, "delete" | "archive") => {
            ("it removes something from a code host", "delete", Risk::Critical)
        }
        ("pr" | "issue" | "run" | "release" | "repo" | "workflow" | "label" | "gist", _)
            if reads =>
        {
            ("it asks a code host", "http_request", Risk::Medium)
        }
        ("search" | "status" | "browse", _) => {
            ("it asks a code host", "http_request", Risk::Medium)
        }
        ("api", _) => {
            let lower = call.raw.to_ascii_uppercase();
            let deletes = lower.contains("DELETE");
            let changes = call.args.iter().any(|word| {
                word.text.starts_with("-X")
                    || word.text.starts_with("--m")
                    || word.text.starts_with("-f")
                    || word.text.starts_with("-F")
                    || word.text.starts_with("--f")
                    || word.text.starts_with("--r")
                    || word.text.starts_with("--i")
            });
            if deletes {
                ("it deletes something at a code host", "delete", Risk::Critical)
            } else {
                (
                    "it asks a code host",
                    "http_request",
                    if changes { Risk::High } else { Risk::Medium },
                )
            }
        }
        ("release", _) => ("it publishes a release", "checkpoint.release", Risk::High),
        ("pr", "merge") => ("it merges a change", "checkpoint.push", Risk::High),
        ("gist", _) => ("it publishes text", "data_export", Risk::High),
        ("alias" | "extension" | "codespace" | "copilot", _) => {
            ("it runs something else", "shell_exec", Risk::High)
        }
        _ => ("it changes something at a code host", "http_request", Risk::High),
    };
    judge.report.find(call.raw, why, verb, risk);
}

fn money(judge: &mut Judge<'_>, call: &Call<'_>) {
    let reads = call.args.iter().any(|word| {
        matches!(
            word.text.as_str(),
            "list" | "retrieve" | "get" | "balance" | "version" | "getbalance"
        )
    });
    let moves = [
        "create", "send", "pay", "transfer", "capture", "refund", "confirm", "update", "delete",
        "post",
    ];
    let moved = call.args.iter().any(|word| moves.iter().any(|name| word.text.contains(name)));
    if reads && !moved && !doubtful(call) {
        judge.report.find(call.raw, "it asks about money", "http_request", Risk::Medium);
    } else {
        judge.report.find(call.raw, "it moves money", "payment", Risk::Critical);
    }
}
