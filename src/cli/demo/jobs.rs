//! The demo's jobs as markdown, and what each of them promises.

use wire::RunResult::{self, Failed, Lost, NoChanges, Succeeded};
use wire::{Manifest, Problem, Stage, SubmitRequest};

/// A job of the demo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    /// How the story calls it.
    pub(super) name: &'static str,
    /// Its front matter, without the repository.
    front: &'static str,
    /// Its instructions.
    body: &'static str,
    /// The stage it ends in.
    pub(super) ends: Stage,
    /// How its runs end, in their order.
    pub(super) runs: &'static [RunResult],
    /// A file that its result branch has, and how that begins.
    pub(super) delivers: Option<(&'static str, &'static str)>,
}

/// The job whose machine is lost.
pub(super) const SURVIVOR: &str = "survivor";
/// The job that is submitted twice.
pub(super) const TWICE: &str = "twice";
/// The job whose first run fails.
pub(super) const FLAKY: &str = "flaky";
/// The job that another waits for.
pub(super) const FIRST: &str = "first";
/// The job that waits for it.
pub(super) const SECOND: &str = "second";

/// The ordinary case.
const DONE: Planned =
    Planned { name: "", front: "", body: "", ends: Stage::Shipped, runs: &[Succeeded], delivers: None };

/// Every job, in the order in which they are submitted.
pub(super) const ALL: [Planned; 12] = [
    Planned {
        name: SURVIVOR,
        front: "title: Migrate the archive\npriority: critical\nengine: shell",
        body: "What is there already is not done again.\n\n```sh\n\
               if [ ! -f archive/part-1.txt ]; then\n\
               \x20 mkdir -p archive\n\
               \x20 echo \"part 1 by run $GIGAFACTORY_RUN_ID\" > archive/part-1.txt\n\
               \x20 sleep 45 # the machine is lost in here\n\
               fi\n\
               echo \"part 2 by run $GIGAFACTORY_RUN_ID\" > archive/part-2.txt\n```\n",
        runs: &[Lost, Succeeded],
        delivers: Some(("archive/part-2.txt", "part 2 by run ")),
        ..DONE
    },
    Planned {
        name: "model",
        front: "title: Train the tiny model\npriority: high\nengine: mock\ncapabilities: [gpu]",
        body: "```mock\nprint epoch 1\nsleep 0.3\nwrite model/weights.txt 0.42\ncost 0.12\ntokens 900 150\n```\n",
        delivers: Some(("model/weights.txt", "0.42")),
        ..DONE
    },
    Planned {
        name: "bench",
        front: "title: Benchmark the kernel\nengine: mock\ncapabilities: [gpu]",
        body: "```mock\nsleep 0.2\nwrite bench.txt 1200 GFLOPS\n```\n",
        delivers: Some(("bench.txt", "1200")),
        ..DONE
    },
    Planned {
        name: FIRST,
        front: "title: Write the guide\npriority: high\nengine: mock\ncapabilities: [docs]",
        body: "```mock\nwrite docs/guide.md # Guide\nappend docs/guide.md Begin here.\ncost 0.03\n```\n",
        delivers: Some(("docs/guide.md", "# Guide\nBegin here.")),
        ..DONE
    },
    Planned {
        name: SECOND,
        front: "title: Publish the guide\nengine: mock\ncapabilities: [docs]",
        body: "Waits until the guide has shipped.\n\n```mock\nwrite docs/published.txt yes\n```\n",
        delivers: Some(("docs/published.txt", "yes")),
        ..DONE
    },
    Planned {
        name: "typos",
        front: "title: Fix the typos\npriority: low\nengine: shell\ncapabilities: [docs]\nverify: \"! grep -q teh README.md\"",
        body: "```sh\nsed 's/teh/the/' README.md > README.new\nmv README.new README.md\n```\n",
        delivers: Some(("README.md", "# Tiny\n\nA tiny project, the smallest one.")),
        ..DONE
    },
    Planned {
        name: "lines",
        front: "title: Count the lines\nengine: shell",
        body: "```sh\nwc -l < src/lines.txt | tr -d ' ' > count.txt\n```\n",
        delivers: Some(("count.txt", "3")),
        ..DONE
    },
    Planned {
        name: FLAKY,
        front: "title: Call the flaky service\nengine: mock",
        body: "```mock\nfail-until-attempt 2\nwrite answer.txt 42\n```\n",
        runs: &[Failed, Succeeded],
        delivers: Some(("answer.txt", "42")),
        ..DONE
    },
    Planned {
        name: TWICE,
        front: "title: Refresh the cache\nengine: mock\nidempotency-key: demo-refresh",
        body: "```mock\nwrite cache.txt fresh\n```\n",
        delivers: Some(("cache.txt", "fresh")),
        ..DONE
    },
    Planned {
        name: "version",
        front: "title: Bump the version\npriority: high\nengine: shell\nauto-ship: true\nverify: grep -qx 0.2.0 VERSION",
        body: "```sh\necho 0.2.0 > VERSION\n```\n",
        delivers: Some(("VERSION", "0.2.0")),
        ..DONE
    },
    Planned {
        name: "look",
        front: "title: Look but do not touch\npriority: low\nengine: mock",
        body: "```mock\nprint all is well\n```\n",
        runs: &[NoChanges],
        ..DONE
    },
    Planned {
        name: "doomed",
        front: "title: Divide by zero\npriority: low\nengine: shell\nretries: 0",
        body: "```sh\nexit 1\n```\n",
        ends: Stage::DeadLetter,
        runs: &[Failed],
        ..DONE
    },
];

impl Planned {
    /// The markdown file. `deps` are ids of jobs that it waits for.
    pub(super) fn markdown(&self, repository: &str, deps: &[&str]) -> String {
        let Self { front, body, .. } = self;
        // A JSON string is a YAML one too.
        let quote = |text: &str| serde_json::Value::from(text).to_string();
        let deps = deps.iter().map(|dep| quote(dep)).collect::<Vec<_>>().join(", ");
        format!("---\n{front}\nrepo: {}\ndeps: [{deps}]\n---\n{body}", quote(repository))
    }

    /// The same as a request whose failed runs are repeated after a second: front matter has no word for that.
    pub(super) fn request(&self, repository: &str, deps: &[&str]) -> Result<SubmitRequest, Problem> {
        let mut request = Manifest::parse(&self.markdown(repository, deps))?.request;
        request.retry.get_or_insert_default().backoff_sec = Some(1);
        Ok(request)
    }

    /// Somebody has to ship it.
    pub(super) fn needs_shipping(&self) -> bool {
        !self.front.contains("auto-ship: true")
    }

    /// Its runs are repeated after a second instead of half a minute.
    pub(super) fn is_repeated(&self) -> bool {
        self.runs.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_a_manifest_without_warnings() {
        for job in ALL {
            let text = job.markdown("/tmp/a \"b\"/origin.git", &["01890000-0000-7000-8000-000000000001"]);
            let read = Manifest::parse(&text).unwrap();
            assert_eq!(read.warnings, [""; 0], "{}", job.name);
            assert_eq!(read.request.repo.as_deref(), Some("/tmp/a \"b\"/origin.git"));
            assert!(read.request.title.is_some());
        }
    }
}
