//! What a trigger is: a condition, and what is asked where it holds.

use std::time::Duration;

use crate::config::{DEFAULT_DEDUP_WINDOW, TriggerConfig, TriggerPriority, TriggerResourceLimits};

/// When a trigger fires, how urgent that is, and how much it may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerCondition {
    /// The condition, in SQL.
    pub sql_condition: String,
    /// Urgency of its requests.
    pub priority: TriggerPriority,
    /// How much it may ask.
    pub resource_limits: TriggerResourceLimits,
}

/// A condition with a name, and what is asked where it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Its name, unique in a manager; part of every request's id.
    pub name: String,
    /// When it fires.
    pub condition: TriggerCondition,
    /// The collector that shall act.
    pub target_collector: String,
    /// What it shall do, for example `binary_hash`.
    pub analysis_type: String,
    /// How long it does not fire again about the same subject; zero for always.
    pub dedup_window: Duration,
}

impl TriggerCondition {
    /// A condition of normal priority with the usual limits.
    pub fn new(sql_condition: impl Into<String>) -> Self {
        Self {
            sql_condition: sql_condition.into(),
            priority: TriggerPriority::default(),
            resource_limits: TriggerResourceLimits::default(),
        }
    }

    /// Sets how urgent its requests are.
    #[must_use]
    pub fn with_priority(mut self, priority: TriggerPriority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets how much it may ask.
    #[must_use]
    pub fn with_resource_limits(mut self, limits: TriggerResourceLimits) -> Self {
        self.resource_limits = limits;
        self
    }
}

impl Trigger {
    /// A trigger with the usual window.
    pub fn new(
        name: impl Into<String>,
        condition: TriggerCondition,
        target_collector: impl Into<String>,
        analysis_type: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            condition,
            target_collector: target_collector.into(),
            analysis_type: analysis_type.into(),
            dedup_window: DEFAULT_DEDUP_WINDOW,
        }
    }

    /// Sets how long it does not fire again about the same subject.
    #[must_use]
    pub fn with_dedup_window(mut self, window: Duration) -> Self {
        self.dedup_window = window;
        self
    }
}

impl From<&TriggerConfig> for Trigger {
    fn from(config: &TriggerConfig) -> Self {
        let condition = TriggerCondition::new(config.when.as_str())
            .with_priority(config.priority)
            .with_resource_limits(config.limits);
        let (name, target) = (config.name.as_str(), config.target.as_str());
        Self::new(name, condition, target, config.analysis.as_str())
            .with_dedup_window(config.dedup_window)
    }
}
