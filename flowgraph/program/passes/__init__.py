"""Passes: functions from Program to Program, each doing one thing."""
