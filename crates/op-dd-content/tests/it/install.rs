//! Installation against a server that answers as it is told, and what Datadog was recorded to keep.

use std::fs;
use std::time::{Duration, Instant};

use op_dd_content::install::{
    Action, ApiErrorKind, BuildError, Client, Desired, Installed, Key, KeyError, Keys, Plan,
    Selection, Settings, differences,
};
use op_dd_content::{Content, Kind};
use serde_json::{Value, json};
use tempfile::TempDir;
use wiremock::matchers::{body_partial_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::shared;

const RULES: &str = "/api/v2/security_monitoring/rules";

fn keys() -> Keys {
    Keys {
        api: Key::new("api-key\n").unwrap(),
        application: Key::new("application-key").unwrap(),
    }
}

fn client(server: &MockServer) -> Client {
    Client::builder(server.uri().parse().unwrap(), keys())
        .build()
        .unwrap()
}

fn rules() -> Selection {
    ["rule"].iter().collect()
}

/// A rule of the name `mine`, alone.
fn content() -> Content {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    let rule = json!({"name": "Mine", "type": "log_detection", "cases": []});
    fs::write(folder.path().join("rules/mine.json"), rule.to_string()).unwrap();
    Content::read(folder.path()).unwrap()
}

fn kept(id: &str, name: &str) -> Value {
    let tags = ["managed-by:op-dd".to_owned(), format!("op-dd-asset:{name}")];
    json!({"id": id, "name": "Mine", "type": "log_detection", "tags": tags, "createdAt": 1})
}

/// What somebody made of one of ours.
fn cloned(id: &str, name: &str) -> Value {
    let mut clone = kept(id, name);
    clone["name"] = json!("Mine (cloned)");
    clone
}

fn page(rules: &[Value]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "data": rules }))
}

fn desired(content: &Content) -> Desired<'_> {
    Desired::new(content, &Settings::default(), &rules()).unwrap()
}

async fn requests(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let requests = requests.iter();
    requests
        .map(|request| format!("{} {}", request.method, request.url.path()))
        .collect()
}

#[tokio::test]
async fn both_keys_are_shown_and_every_page_is_read() {
    let server = MockServer::start().await;
    let full: Vec<_> = (0..100)
        .map(|at| kept(&format!("a-{at}"), &format!("rule-{at}")))
        .collect();
    let mut strange = kept("../../../v1/monitor/7", "strange");
    strange["tags"] = json!(["managed-by:op-dd", "op-dd-asset:strange"]);
    for (number, page) in [
        ("0", page(&full)),
        ("1", page(&[kept("last", "last"), strange])),
    ] {
        Mock::given(method("GET"))
            .and(path(RULES))
            .and(header("dd-api-key", "api-key"))
            .and(header("dd-application-key", "application-key"))
            .and(query_param("page[number]", number))
            .and(query_param("page[size]", "100"))
            .respond_with(page)
            .expect(1)
            .mount(&server)
            .await;
    }
    let installed = client(&server).installed(&rules()).await.unwrap();
    let plan = Plan::removal(&content(), &installed, &rules()).unwrap();
    assert_eq!(plan.steps().len(), 101, "an id that is a path is none");
    assert!(
        plan.steps()
            .iter()
            .all(|step| *step.action() == Action::Remove && step.kind() == Kind::Rule)
    );
}

#[tokio::test]
async fn what_may_have_been_created_is_looked_for_first() {
    let content = content();
    let desired = desired(&content);
    let plan = Plan::install(&desired, &Installed::default());
    let [step] = plan.steps() else {
        panic!("{plan:?}")
    };
    let (post, get) = (format!("POST {RULES}"), format!("GET {RULES}"));
    for (found, calls) in [
        (vec![kept("a", "mine")], vec![&post, &get]),
        (vec![kept("a", "other")], vec![&post, &get, &post]),
        (vec![cloned("a", "mine")], vec![&post, &get, &post]),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(page(&found))
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(503))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": "b"})))
            .mount(&server)
            .await;
        client(&server).apply(step).await.unwrap();
        assert_eq!(requests(&server).await.iter().collect::<Vec<_>>(), calls);
    }
}

#[tokio::test]
async fn a_replacement_and_a_removal_are_tried_again() {
    let server = MockServer::start().await;
    let content = content();
    let settings = Settings {
        prune: true,
        ..Settings::default()
    };
    let desired = Desired::new(&content, &settings, &rules()).unwrap();
    let mut changed = kept("a", "mine");
    changed["cases"] = json!([1]);
    Mock::given(method("GET"))
        .respond_with(page(&[changed, kept("b", "gone")]))
        .mount(&server)
        .await;
    for (verb, one) in [("PUT", "a"), ("DELETE", "b")] {
        Mock::given(method(verb))
            .respond_with(ResponseTemplate::new(502))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        // The first try to delete had its effect.
        let last = match verb {
            "PUT" => ResponseTemplate::new(200).set_body_json(json!({"id": "a"})),
            _ => ResponseTemplate::new(404).set_body_json(json!({"errors": ["Not found"]})),
        };
        Mock::given(method(verb))
            .and(path(format!("{RULES}/{one}")))
            .respond_with(last)
            .expect(1)
            .mount(&server)
            .await;
    }
    let client = client(&server);
    let plan = Plan::install(&desired, &client.installed(&rules()).await.unwrap());
    let steps: Vec<_> = plan.steps().iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["replace rule mine (/cases)", "remove rule gone"]);
    for step in plan.steps() {
        client.apply(step).await.unwrap();
    }
    // A rule's type can't be changed, and isn't sent.
    let requests = server.received_requests().await.unwrap();
    let puts = requests
        .iter()
        .filter(|request| request.method.as_str() == "PUT");
    for put in puts {
        let sent: Value = put.body_json().unwrap();
        assert_eq!(sent["cases"], json!([]));
        assert_eq!(sent.get("type"), None);
    }
}

/// What is there is read, and a plan made for it.
async fn there(found: &[Value]) -> Installed {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(page(found))
        .mount(&server)
        .await;
    client(&server).installed(&rules()).await.unwrap()
}

fn said(plan: &Plan<'_>) -> Vec<String> {
    plan.steps().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_copy_is_left_alone_whether_the_original_is_there_or_not() {
    let copy = "skip rule mine: b, \"Mine (cloned)\", is a copy that somebody made, mark included, or was renamed: \
                it is left alone";
    let content = content();
    let desired = desired(&content);
    let mut original = kept("a", "mine");
    original["createdAt"] = json!(2);
    for (found, installs, removes) in [
        (
            vec![cloned("b", "mine"), original],
            ["unchanged rule mine", copy],
            vec!["remove rule mine", copy],
        ),
        (
            vec![cloned("b", "mine")],
            ["create rule mine", copy],
            vec![copy],
        ),
    ] {
        let installed = there(&found).await;
        assert_eq!(said(&Plan::install(&desired, &installed)), installs);
        let removal = Plan::removal(&content, &installed, &rules()).unwrap();
        assert_eq!(said(&removal), removes);
    }
}

#[tokio::test]
async fn what_has_no_file_is_left_over_unless_it_is_to_be_pruned_and_its_copies_always() {
    let content = content();
    let mut copy = cloned("b", "gone");
    copy["createdAt"] = json!(2);
    let installed = there(&[copy, kept("a", "gone")]).await;
    for (prune, expected) in [
        (false, "left over rule gone: no file of this name"),
        (true, "remove rule gone"),
    ] {
        let settings = Settings {
            prune,
            ..Settings::default()
        };
        let desired = Desired::new(&content, &settings, &rules()).unwrap();
        let plan = said(&Plan::install(&desired, &installed));
        assert_eq!(plan[..2], ["create rule mine", expected]);
        assert!(plan[2].starts_with("skip rule gone: b, "), "{plan:?}");
    }
    let removal = Plan::removal(&content, &installed, &rules()).unwrap();
    let removed = said(&removal);
    assert!(removed[0].starts_with("skip rule gone: b, "), "{removed:?}");
    assert_eq!(removed[1..], ["remove rule gone"]);
}

#[tokio::test]
async fn only_what_is_in_the_files_or_installed_can_be_removed_by_name() {
    let content = content();
    let installed = there(&[kept("a", "gone")]).await;
    for (name, is_known) in [("mine", true), ("gone", true), ("gnoe", false)] {
        let selection = [name].iter().collect();
        let removal = Plan::removal(&content, &installed, &selection);
        assert_eq!(removal.is_ok(), is_known, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_tried_again_and_names_its_place() {
    let server = MockServer::start().await;
    let content = content();
    let desired = desired(&content);
    let plan = Plan::install(&desired, &Installed::default());
    let detail = json!({"code": "InvalidArgument", "message": "no\ncases", "target": "cases"});
    let said =
        json!({"error": {"code": "InvalidArgument", "message": "Invalid", "details": [detail]}});
    Mock::given(method("POST"))
        .and(path(format!("{RULES}/validation")))
        .and(body_partial_json(
            json!({"tags": ["managed-by:op-dd", "op-dd-asset:mine"]}),
        ))
        .respond_with(ResponseTemplate::new(400).set_body_json(said))
        .expect(1)
        .mount(&server)
        .await;
    let step = &plan.steps()[0];
    let error = client(&server).validate(step).await.unwrap_err();
    let complaints: Vec<_> = step
        .complaints(&error)
        .iter()
        .map(ToString::to_string)
        .collect();
    let [complaint] = &complaints[..] else {
        panic!("{complaints:?}");
    };
    assert!(
        complaint.ends_with("/rules/mine.json:1:10: no cases (/cases)"),
        "{complaint}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (server, elsewhere) = (MockServer::start().await, MockServer::start().await);
    let answer = ResponseTemplate::new(302).insert_header("location", elsewhere.uri());
    Mock::given(method("GET"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let error = client(&server).installed(&rules()).await.unwrap_err();
    assert_eq!(*error.kind(), ApiErrorKind::Unexpected);
    assert!(error.to_string().contains("(302)"), "{error}");
    assert!(requests(&elsewhere).await.is_empty());
}

#[tokio::test]
async fn nobody_waits_for_an_hour_or_reads_forever() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("x-ratelimit-reset", "3600");
    Mock::given(method("GET"))
        .and(path(RULES))
        .respond_with(busy)
        .expect(1)
        .mount(&server)
        .await;
    let endless = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 33 * 1024 * 1024]);
    Mock::given(method("GET"))
        .and(path("/api/v1/monitor"))
        .respond_with(endless)
        .mount(&server)
        .await;
    let begun = Instant::now();
    let error = client(&server).installed(&rules()).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(*error.kind(), ApiErrorKind::RateLimited);
    assert!(
        error.to_string().ends_with("try again in 3600 s"),
        "{error}"
    );
    let monitors = ["monitor"].iter().collect();
    let error = client(&server).installed(&monitors).await.unwrap_err();
    assert_eq!(*error.kind(), ApiErrorKind::Unexpected);
}

#[tokio::test]
async fn whose_fault_a_403_is_depends_on_the_api_key() {
    for (status, expected) in [(200, "lacks the permission"), (403, "refuses the API key")] {
        let server = MockServer::start().await;
        let validity = ResponseTemplate::new(status).set_body_json(json!({"valid": true}));
        Mock::given(method("GET"))
            .and(path("/api/v1/validate"))
            .respond_with(validity)
            .mount(&server)
            .await;
        Mock::given(method("GET"))
            .and(path(RULES))
            .respond_with(ResponseTemplate::new(403))
            .mount(&server)
            .await;
        let error = client(&server).installed(&rules()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.status(), Some(403));
    }
}

#[test]
fn keys_are_not_shown_and_not_sent_in_the_clear() {
    assert_eq!(
        format!("{:?}", Key::new("sesame").unwrap()),
        "Key([redacted])"
    );
    assert_eq!(Key::new("\n").unwrap_err(), KeyError::Empty);
    assert_eq!(Key::new("two words").unwrap_err(), KeyError::Character);
    for url in [
        "http://api.example.com",
        "ftp://127.0.0.1",
        "http://127.0.0.1.example.com",
    ] {
        let client = Client::builder(url.parse().unwrap(), keys()).build();
        assert!(matches!(client, Err(BuildError::Insecure)), "{url}");
    }
}

/// Where Datadog was recorded to keep something else than it was sent, so that such a file is never unchanged.
const REWRITTEN: [&str; 5] = [
    // `metric alert` and `query alert` are one, and Datadog says which.
    "/type",
    // The default, which it leaves out.
    "/options/on_missing_data",
    // Of an anomaly it is always half an hour.
    "/options/evaluationWindow",
    // A third party's rule says `thirdPartyCases`, of which Datadog makes these.
    "/queries",
    "/cases",
];

#[test]
fn what_datadog_keeps_of_a_creation_is_no_difference() {
    if shared::is_absent() {
        return;
    }
    let ours = [
        "/dashboard",
        "/monitor",
        "/pipelines",
        "/security_monitoring/rules",
    ];
    let folders = [
        "v1/dashboards",
        "v1/monitors",
        "v1/logs_pipelines",
        "v2/security_monitoring",
    ];
    let (mut seen, mut rewritten) = (0, 0);
    for (file, cassette) in folders
        .iter()
        .flat_map(|folder| shared::json_files(&format!("api-cassettes/{folder}")))
    {
        for exchange in cassette["http_interactions"].as_array().unwrap() {
            let (request, response) = (&exchange["request"], &exchange["response"]);
            let to = request["uri"].as_str().unwrap();
            let is_creation =
                request["method"] == "post" && ours.iter().any(|path| to.ends_with(path));
            if !is_creation || response["status"]["code"] != 200 {
                continue;
            }
            let json = |of: &Value| -> Value {
                serde_json::from_str(of["body"]["string"].as_str().unwrap()).unwrap()
            };
            let differences = differences(&json(request), &json(response));
            for difference in &differences {
                assert!(
                    REWRITTEN.contains(&&*difference.pointer),
                    "{file}: {difference}"
                );
            }
            seen += 1;
            rewritten += usize::from(!differences.is_empty());
        }
    }
    assert!(seen > 80 && rewritten < 10, "{rewritten} of {seen}");
}

#[tokio::test]
async fn logs_are_searched_for_in_the_form_of_the_api() {
    let server = MockServer::start().await;
    let search = json!({
        "filter": {"query": "service:op-dd-check", "from": "now-900s", "to": "now"},
        "sort": "-timestamp",
    });
    let found = json!({"data": [{"id": "A", "type": "log", "attributes": {
        "timestamp": "2026-05-01T12:00:00.000Z", "service": "op-dd-check", "tags": ["source:1password"],
        "attributes": {"op_dd": {"check": "one"}},
    }}], "meta": {"status": "done"}});
    Mock::given(method("POST"))
        .and(path("/api/v2/logs/events/search"))
        .and(body_partial_json(search))
        .respond_with(ResponseTemplate::new(200).set_body_json(found))
        .mount(&server)
        .await;
    let age = Duration::from_secs(900);
    let logs = client(&server)
        .logs("service:op-dd-check", age)
        .await
        .unwrap();
    let [log] = logs.as_slice() else {
        panic!("{logs:?}")
    };
    assert_eq!(log.values("op_dd.check"), ["one"]);
}
