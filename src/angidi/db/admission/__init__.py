"""Admission to the connections: queues, the lane of expensive requests, and the circuit breaker."""

from angidi.db.admission.queues import AdmissionQueue, RowQueues

__all__ = ["AdmissionQueue", "RowQueues"]
