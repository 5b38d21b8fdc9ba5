"""Screens: title, briefing, play, verdict, debrief."""
