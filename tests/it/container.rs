//! The container file: what a linter says of it, and its image, built by hand and run without an engine.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use op_dd_tests::programs::static_program;
use tempfile::TempDir;

use crate::command_line::tool;
use crate::program::{Run, World, uuids};
use crate::tls::Authority;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What the container file says of its last stage.
struct Image {
    user: u32,
    environment: Vec<(String, String)>,
    /// The program and its arguments.
    command: Vec<String>,
    folder: TempDir,
}

impl Image {
    /// Carries out the last stage: the base is empty, and each file that is copied is given here.
    fn build(file: &str, files: &[(&str, &Path)]) -> Self {
        let (_, stage) = file.rsplit_once("\nFROM scratch\n").unwrap();
        let mut image = Self {
            user: 0,
            environment: Vec::new(),
            command: Vec::new(),
            folder: TempDir::new().unwrap(),
        };
        for line in stage.lines() {
            let (instruction, rest) = line.split_once(' ').unwrap();
            match instruction {
                "COPY" => image.copy(rest, files),
                "USER" => image.user = rest.split(':').next().unwrap().parse().unwrap(),
                "ENV" => {
                    let (name, value) = rest.split_once('=').unwrap();
                    image.environment.push((name.to_owned(), value.to_owned()));
                }
                "ENTRYPOINT" | "CMD" => {
                    let words: Vec<String> = serde_json::from_str(rest).unwrap();
                    image.command.extend(words);
                }
                "VOLUME" | "EXPOSE" => {}
                _ => panic!("{line}"),
            }
        }
        image
    }

    fn copy(&self, words: &str, files: &[(&str, &Path)]) {
        let words: Vec<_> = words.split(' ').collect();
        let [.., from, to] = words[..] else {
            panic!("{words:?}");
        };
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if from.ends_with("/state") {
            fs::create_dir(&to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o700)).unwrap();
        } else {
            let (_, file) = files.iter().find(|(name, _)| *name == from).unwrap();
            fs::copy(file, &to).unwrap();
        }
        let owner = words.iter().find_map(|word| word.strip_prefix("--chown="));
        if let Some((user, group)) = owner.and_then(|owner| owner.split_once(':')) {
            let [user, group] = [user, group].map(|id| id.parse().ok());
            chown(&to, user, group).unwrap();
        }
    }

    /// A place in it.
    fn path(&self, place: &str) -> PathBuf {
        self.folder.path().join(place.trim_start_matches('/'))
    }

    /// Runs it as an engine does, but for the walls between it and the machine.
    fn run(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new("chroot");
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(environment.iter().copied())
            // By which chroot itself is found.
            .env("PATH", "/usr/sbin:/usr/bin")
            .arg(format!("--userspec={user}:{user}", user = self.user))
            .arg(self.folder.path())
            .args(&self.command)
            .args(arguments);
        Run::of(command)
    }
}

#[test]
fn a_linter_finds_no_fault_with_the_container_file() {
    let arguments = ["--no-color", "deploy/container/Containerfile"];
    if let Some(run) = tool("hadolint", &arguments, &root()) {
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run}");
    }
}

#[test]
fn the_image_runs_with_nothing_beside_it_but_a_list_of_authorities() {
    let Some(program) = static_program() else {
        return;
    };
    if Command::new("chroot")
        .args(["/", "true"])
        .output()
        .is_ok_and(|run| !run.status.success())
    {
        eprintln!("SKIPPED: only root may change the root, so the image isn't run");
        return;
    }
    let authority = Authority::new();
    let mut world = World::new();
    world.occur("event");
    for url in [world.events.url(), world.datadog.url()].map(ToOwned::to_owned) {
        let tls = authority.before(&world, &url);
        // By name, so that names are looked up.
        world.replace(&url, &tls.replace("127.0.0.1", "localhost"));
    }
    let authorities = world.path("ca.pem");
    fs::write(&authorities, authority.pem()).unwrap();

    let file = fs::read_to_string(root().join("deploy/container/Containerfile")).unwrap();
    let image = Image::build(
        &file,
        &[
            ("/image/op-dd", program),
            ("/etc/ssl/certs/ca-certificates.crt", &authorities),
        ],
    );
    // An engine mounts them.
    fs::write(image.path("/etc/hosts"), "127.0.0.1 localhost\n").unwrap();
    fs::create_dir(image.path("/etc/op-dd")).unwrap();
    fs::write(image.path("/etc/op-dd/op-dd.toml"), &world.config).unwrap();

    let environment = world.environment.iter();
    let environment: Vec<_> = environment.map(|(k, v)| (*k, v.as_str())).collect();
    for _ in 0..2 {
        let run = world.checked(image.run(&environment, &["--once"]));
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(world.arrived(), uuids(&["event"]), "{run}");
    }
    assert!(image.path("/var/lib/op-dd/cursors/acme").exists());

    // Without the list nobody can be trusted.
    fs::write(image.path("/etc/ssl/certs/ca-certificates.crt"), "").unwrap();
    let run = image.run(&environment, &["--once"]);
    assert_eq!(run.code, Some(2), "{run}");
}
