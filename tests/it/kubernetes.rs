//! The Kubernetes manifest: it fits its schema, and its parts each other and the program.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::tool;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Its documents by kind.
fn manifest() -> BTreeMap<String, Value> {
    let text = fs::read_to_string(root().join("deploy/kubernetes/op-dd.yaml")).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let kind = |document: &Value| document["kind"].as_str().unwrap().to_owned();
    documents.into_iter().map(|d| (kind(&d), d)).collect()
}

#[test]
fn the_manifest_fits_the_schema_of_kubernetes() {
    let arguments = ["--strict", "deploy/kubernetes/op-dd.yaml"];
    if let Some(run) = tool("kubernetes-validate", &arguments, &root()) {
        assert_eq!(run.code, Some(0), "{run}");
    }
}

#[test]
fn the_manifest_agrees_with_itself() {
    let all = manifest();
    for (kind, document) in &all {
        assert_eq!(document["metadata"]["name"], "op-dd", "{kind}");
        assert_eq!(document["metadata"]["namespace"], "op-dd", "{kind}");
    }
    let deployment = &all["Deployment"]["spec"];
    assert_eq!(deployment["replicas"], 1);
    assert_eq!(deployment["strategy"]["type"], "Recreate");
    let labels = &deployment["template"]["metadata"]["labels"];
    assert_eq!(&deployment["selector"]["matchLabels"], labels);

    let pod = &deployment["template"]["spec"];
    let container = &pod["containers"][0];
    let mounts = container["volumeMounts"].as_array().unwrap();
    let volumes = pod["volumes"].as_array().unwrap();
    let names = |list: &[Value]| -> Vec<String> {
        let names = list.iter().map(|v| v["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    assert_eq!(names(mounts), names(volumes));
    assert_eq!(
        volumes[0]["persistentVolumeClaim"]["claimName"],
        all["PersistentVolumeClaim"]["metadata"]["name"]
    );
    assert_eq!(
        volumes[1]["configMap"]["name"],
        all["ConfigMap"]["metadata"]["name"]
    );

    // The configuration names places that are mounted, and the port that is asked.
    let config = all["ConfigMap"]["data"]["op-dd.toml"].as_str().unwrap();
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(
        config["state"]["dir"].as_str(),
        mounts[0]["mountPath"].as_str()
    );
    let secrets = mounts[2]["mountPath"].as_str().unwrap();
    for secret in [
        &config["datadog"]["api_key"],
        &config["accounts"][0]["token"],
    ] {
        let path = secret.as_str().unwrap().strip_prefix("file:").unwrap();
        assert!(path.starts_with(secrets), "{path}");
    }
    let port = &container["ports"][0];
    let listen = config["telemetry"]["listen"].as_str().unwrap();
    assert_eq!(listen, format!("0.0.0.0:{}", port["containerPort"]));
    let annotations = &deployment["template"]["metadata"]["annotations"];
    assert_eq!(
        annotations["prometheus.io/port"],
        port["containerPort"].to_string()
    );
    for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
        assert_eq!(container[probe]["httpGet"]["path"], path);
        assert_eq!(container[probe]["httpGet"]["port"], port["name"]);
    }

    // The image's own words, but for the program.
    let file = fs::read_to_string(root().join("deploy/container/Containerfile")).unwrap();
    let line = |instruction: &str| {
        let line = file.lines().find_map(|line| line.strip_prefix(instruction));
        line.unwrap().to_owned()
    };
    let arguments: Value = serde_json::from_str(&line("CMD ")).unwrap();
    assert_eq!(container["args"], arguments);
    assert_eq!(line("EXPOSE "), port["containerPort"].to_string());
    let user = &pod["securityContext"]["runAsUser"];
    assert_eq!(line("USER "), format!("{user}:{user}"));
    assert_eq!(pod["terminationGracePeriodSeconds"], 20);
    let image = container["image"].as_str().unwrap();
    assert!(image.ends_with(concat!(":", env!("CARGO_PKG_VERSION"))));
}
