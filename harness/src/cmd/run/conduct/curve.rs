//! A curve within a run: its row, its records and what broke.

use super::performance::unmeasured;
use super::{Conductor, outcome};
use crate::cmd::curves;
use crate::cmd::run::folder::TRIALS;
use crate::gate::CurveLine;
use crate::plan::{Case, Curve};
use crate::report::{self, CurveRow};

impl Conductor<'_> {
    /// All points of one scenario, on every bus.
    pub(super) async fn curve(&mut self, points: &[Case]) {
        let Some(Curve { axis, .. }) = points[0].curve.clone() else { return };
        let mut buses = self.options.curve_buses();
        let mut absent = Vec::new();
        buses.retain(|bus| {
            let why = unmeasured(&points[0], *bus);
            absent.extend(why.clone().map(|why| CurveLine::absent(*bus, why)));
            why.is_none()
        });
        let scenario = &points[0].scenario;
        let Some(first) = buses.first().copied() else {
            let concludes = self.options.concludes();
            let mut row = CurveRow::of(scenario, axis, &[], Vec::new(), concludes);
            row.lines = absent;
            self.run.curves.push(row);
            return;
        };
        let names: Vec<&str> = buses.iter().map(|bus| bus.as_str()).collect();
        self.progress.case_started(scenario, &names.join(", "));
        let plan = curves::Plan {
            executable: self.executable,
            buses: buses.clone(),
            rounds: self.options.curve_rounds(),
            share_by_clone: self.share_by_clone,
            directory: self.options.out.join(TRIALS),
        };
        let drawn = curves::run(points, &plan, self.interrupt.clone(), &mut self.progress).await;
        let broken = drawn.rows(points, &self.options.wanted);
        let concludes = self.options.concludes();
        let mut row = CurveRow::of(scenario, axis, &buses, drawn.trials, concludes);
        row.lines.extend(absent);
        let words: Vec<String> =
            broken.iter().map(outcome).chain(row.lines.iter().map(report::said_of)).collect();
        self.run.behaviour.extend(broken);
        self.run.left_behind.extend(drawn.left_behind);
        self.run.curves.push(row);
        match drawn.error {
            Some(error) => self.broke(&points[0], first, &error),
            None => self.progress.case_done(&words.join("; ")),
        }
    }
}
