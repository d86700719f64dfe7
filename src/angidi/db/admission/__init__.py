"""Who gets a connection, in which order, and when nobody does: queues, the lane, and the circuit breaker."""

from angidi.db.admission.queues import AdmissionQueue, RowQueues

__all__ = ["AdmissionQueue", "RowQueues"]
